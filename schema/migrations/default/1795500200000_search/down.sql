drop function if exists public.search_runs(text);

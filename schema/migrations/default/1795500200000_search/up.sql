-- A search of runs by what their metadata hold: Hasura's own conditions end at a jsonb column, and compare nothing that
-- is in it.

-- One plain select, so that Postgres takes it into the query that calls it: a page of the newest matches reads the runs
-- from the newest on, and stops when the page is full.
create or replace function public.search_runs(condition text) returns setof public.run
language sql stable as $function$
    select *
    from public.run
    where jsonb_path_match(
        metadata,
        condition::jsonpath,
        jsonb_build_object(
            'id', id,
            'sweep', sweep_id,
            'created', to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS'),
            -- Only who asks for it pays for it.
            'status', case when strpos(condition, '$status') > 0 then public.run_status(run) end
        ),
        silent => true
    )
$function$;

comment on function public.search_runs(text) is
'The runs whose metadata match a JSON path predicate such as $.parameters.lr < 0.1 && $status == "failed"; it may use $id, $sweep, $status and $created (UTC, ISO 8601) too.';

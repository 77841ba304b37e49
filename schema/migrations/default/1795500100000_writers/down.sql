-- Takes away what the migration added, and with it what only the new columns hold: writers, the points of sweeps, the
-- times. Every run, log, blob, chart and sweep stays. What others have built on the new columns makes it stop.
--
-- What harms nobody stays: run_log.id is bigint (every id fits, which cannot be said of integer), chart.name is there
-- (some databases had it before), and the comments.

set local lock_timeout = '5s';

drop function if exists public.run_log_sample(integer[], integer);
drop function if exists public.run_status(public.run);
drop trigger if exists run_before_insert on public.run;
drop function if exists public.run_before_insert();

drop table if exists public.writer;

alter table public.run_blob
    drop column if exists writer_id,
    drop column if exists seq,
    drop column if exists logged_at;

-- A unique key on id, kept for somebody's foreign key, goes on serving it beside the primary key.
alter table public.run_log
    drop constraint if exists run_log_pkey,
    drop column if exists writer_id,
    drop column if exists seq,
    drop column if exists logged_at,
    add constraint run_log_pkey primary key (id);

alter table public.run
    drop column if exists key,
    drop column if exists sweep_index,
    drop column if exists retry_of,
    drop column if exists created_at;

alter table public.sweep
    drop column if exists space,
    drop column if exists issued,
    drop column if exists run_limit,
    drop column if exists created_at;

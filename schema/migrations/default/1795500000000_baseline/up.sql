-- The tables of run-logger up to 0.1.8, with the functions that its clients call.
--
-- It creates only what is missing: a new database gets all of it, a database that has been in use for years is
-- left exactly as it is, and applying it again does nothing.

create table if not exists public.sweep (
    id serial primary key,
    grid_index integer,
    metadata jsonb,
    archived boolean not null default false,
    remaining_runs integer default 0
);

create table if not exists public.parameter_choices (
    sweep_id integer not null references public.sweep (id),
    "Key" text not null,
    choice jsonb[] not null,
    unique (sweep_id, "Key")
);

create table if not exists public.run (
    id serial primary key,
    sweep_id integer references public.sweep (id),
    metadata jsonb,
    archived boolean not null default false
);

create table if not exists public.chart (
    id serial primary key,
    run_id integer references public.run (id),
    spec jsonb not null,
    archived boolean not null default false,
    "order" integer,
    name text
);

create table if not exists public.run_log (
    id serial primary key,
    run_id integer not null references public.run (id),
    log jsonb not null
);

create table if not exists public.run_blob (
    id serial primary key,
    run_id integer not null references public.run (id),
    blob bytea not null,
    metadata jsonb
);

-- Functions. `create or replace` would overwrite what an old database has under the same name, and a second
-- function of one name with other arguments could not be tracked: Hasura refuses overloaded functions.
create or replace function pg_temp.create_if_missing(name text, definition text) returns void
language plpgsql as $helper$
begin
    if not exists (
        select from pg_catalog.pg_proc where proname = name and pronamespace = 'public'::regnamespace
    ) then
        execute definition;
    end if;
end
$helper$;

select pg_temp.create_if_missing('non_sweep_run', $create$
    create function public.non_sweep_run() returns setof public.run
    language sql stable as $$
        select * from public.run where sweep_id is null
    $$
$create$);

select pg_temp.create_if_missing('every_nth_run_log', $create$
    create function public.every_nth_run_log(n integer) returns setof public.run_log
    language sql stable as $$
        select * from public.run_log where run_log.id % n = 0
    $$
$create$);

-- The complement of every_nth_run_log: the old page shows every nth row first and fetches these afterwards.
select pg_temp.create_if_missing('except_every_nth_run_log', $create$
    create function public.except_every_nth_run_log(n integer) returns setof public.run_log
    language sql stable as $$
        select * from public.run_log where run_log.id % n <> 0
    $$
$create$);

-- A path expression and not a cast: one row whose step is no number would otherwise fail the whole query.
select pg_temp.create_if_missing('logs_less_than_step', $create$
    create function public.logs_less_than_step(max_step integer) returns setof public.run_log
    language sql stable as $$
        select *
        from public.run_log
        where jsonb_path_exists(log, '$.step ? (@ <= $max)', jsonb_build_object('max', max_step))
    $$
$create$);

select pg_temp.create_if_missing('empty_sweeps', $create$
    create function public.empty_sweeps() returns setof public.sweep
    language sql stable as $$
        select *
        from public.sweep
        where not exists (
            select
            from public.run
            join public.run_log on run_log.run_id = run.id
            where run.sweep_id = sweep.id
        )
    $$
$create$);

-- An argument that is left out, or null, filters nothing.
select pg_temp.create_if_missing('filter_runs', $create$
    create function public.filter_runs(
        object jsonb, path text[] default null, pattern text default '%'
    )
    returns setof public.run
    language sql stable as $$
        select *
        from public.run
        where (object is null or metadata @> object) and (path is null or metadata #>> path like pattern)
    $$
$create$);

select pg_temp.create_if_missing('filter_sweeps', $create$
    create function public.filter_sweeps(
        object jsonb, path text[] default null, pattern text default '%'
    )
    returns setof public.sweep
    language sql stable as $$
        select *
        from public.sweep
        where (object is null or metadata @> object) and (path is null or metadata #>> path like pattern)
    $$
$create$);

-- Functions of computed fields: run_blob.text, sweep.has_logs, sweep.metadata_path.
select pg_temp.create_if_missing('bytea_to_text', $create$
    create function public.bytea_to_text(blob_row public.run_blob) returns text
    language sql stable as $$
        select encode(blob_row.blob, 'escape')
    $$
$create$);

select pg_temp.create_if_missing('has_logs', $create$
    create function public.has_logs(sweep_row public.sweep) returns boolean
    language sql stable as $$
        select exists (
            select
            from public.run
            join public.run_log on run_log.run_id = run.id
            where run.sweep_id = sweep_row.id
        )
    $$
$create$);

select pg_temp.create_if_missing('sweep_metadata_path', $create$
    create function public.sweep_metadata_path(sweep_row public.sweep, path text[]) returns text
    language sql stable as $$
        select sweep_row.metadata #>> path
    $$
$create$);

drop function pg_temp.create_if_missing(text, text);

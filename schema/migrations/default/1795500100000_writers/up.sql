-- What run-logger 1.0 adds to the tables of the baseline: writers, exactly-once delivery, and points of sweeps.
--
-- It is made for a live database: it keeps every row, and every table, view and function that it does not know;
-- where it cannot keep one it stops with an error that names it, and nothing has changed. Applying it again does
-- nothing. The one slow step rewrites run_log once, under a lock (its ids become bigint). It is one transaction, as
-- Hasura applies it; with psql, say --single-transaction.

-- Whoever waits for an exclusive lock makes everybody else wait behind: better to give up, and to try again in a
-- quiet moment.
set local lock_timeout = '5s';
-- All locks at once, and in the order in which clients take theirs (a log before its run, a run before its sweep), so
-- that they and we wait for each other instead of deadlocking.
lock table public.run_log, public.run_blob, public.run, public.sweep, public.chart in access exclusive mode;

-- ---------------------------------------------------------------------------------------------------------------
-- Views and the like that stand on run_log.id
--
-- Postgres does not change the type of a column that a view reads, so these are written down, dropped, and created
-- again. pg_temp holds the functions for that: they go with the session.
-- ---------------------------------------------------------------------------------------------------------------

-- pg_depend says that the rule of a view depends on something; what we drop and create is the view.
create or replace function pg_temp.dependent_object(edge pg_depend, out catalog regclass, out object oid)
language sql as $helper$
    select
        case when relation.relkind in ('v', 'm') then 'pg_class'::regclass else edge.classid::regclass end,
        case when relation.relkind in ('v', 'm') then relation.oid else edge.objid end
    from (select) as one
    left join pg_rewrite as rule on edge.classid = 'pg_rewrite'::regclass and rule.oid = edge.objid
    left join pg_class as relation on relation.oid = rule.ev_class
$helper$;

-- What depends on the column id of run_log, or on its primary key, directly or through others.
-- `depth` is the longest way there, so whatever is created in its order finds what it needs.
create or replace function pg_temp.standing_on_run_log_id()
returns table (catalog regclass, object oid, depth integer)
language sql as $helper$
    with recursive target (catalog, object, part) as (
        select 'pg_class'::regclass, attrelid, attnum::integer
        from pg_attribute
        where attrelid = 'public.run_log'::regclass and attname = 'id'
        union all
        select 'pg_constraint'::regclass, oid, 0
        from pg_constraint
        where conrelid = 'public.run_log'::regclass and contype = 'p'
    ),
    standing (catalog, object, depth) as (
        select dependent.catalog, dependent.object, 1
        from target
        join pg_depend as edge on (refclassid, refobjid, refobjsubid) = (target.catalog, target.object, target.part)
        cross join pg_temp.dependent_object(edge) as dependent
        where edge.deptype = 'n'
        union
        select dependent.catalog, dependent.object, standing.depth + 1
        from standing
        cross join lateral (
            select standing.catalog, standing.object
            union all
            -- A function can take or return rows of a view: it depends on the view's row type, or an array of that.
            select 'pg_type'::regclass, unnest(array[row_type.oid, row_type.typarray])
            from pg_class as view
            join pg_type as row_type on row_type.oid = view.reltype
            where standing.catalog = 'pg_class'::regclass and view.oid = standing.object
        ) as referred (catalog, object)
        join pg_depend as edge on (refclassid, refobjid) = (referred.catalog, referred.object)
        cross join pg_temp.dependent_object(edge) as dependent
        where edge.deptype = 'n'
            and (dependent.catalog, dependent.object) <> (standing.catalog, standing.object)
            and standing.depth < 100  -- ends where a view and a function stand on each other
    )
    select catalog, object, max(depth)
    from standing
    where not (catalog = 'pg_constraint'::regclass and object in (
        -- Postgres carries a table's own checks along itself; foreign keys that lead to run_log are ours to keep.
        select oid from pg_constraint where conrelid = 'public.run_log'::regclass and contype <> 'f'
    ))
    group by catalog, object
$helper$;

create or replace function pg_temp.qualified_name(relation oid) returns text
language sql as $helper$
    select format('%I.%I', nspname, relname)
    from pg_class
    join pg_namespace on pg_namespace.oid = relnamespace
    where pg_class.oid = relation
$helper$;

-- Statements that give `object` (spelled `name`, of the given kind) its grants back.
create or replace function pg_temp.grants(kind text, name text, acl aclitem[]) returns setof text
language sql as $helper$
    select format('revoke all on %s %s from public', kind, name)
    where acl is not null
    union all
    select format(
        'grant %s on %s %s to %s%s',
        privilege_type, kind, name,
        case when grantee = 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end,
        case when is_grantable then ' with grant option' else '' end
    )
    from aclexplode(acl)
$helper$;

create or replace function pg_temp.view_statement(view pg_class) returns text
language sql as $helper$
    select format(
        'create %s %s%s as %s%s',
        case view.relkind when 'm' then 'materialized view' else 'view' end,
        pg_temp.qualified_name(view.oid),
        ' with (' || array_to_string(view.reloptions, ', ') || ')',
        rtrim(pg_get_viewdef(view.oid), ';'),
        case when view.relkind = 'm' and not view.relispopulated then ' with no data' else '' end
    )
$helper$;

-- What stands on the columns of a view: defaults, comments, grants.
create or replace function pg_temp.column_statements(view pg_class) returns setof text
language sql as $helper$
    select statement
    from pg_attribute
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
    cross join lateral (
        select format(
            'alter view %s alter column %I set default %s',
            pg_temp.qualified_name(view.oid), attname, pg_get_expr(adbin, adrelid)
        )
        union all
        select format('comment on column %s.%I is %L', pg_temp.qualified_name(view.oid), attname, comment)
        from col_description(attrelid, attnum) as comment
        where comment is not null
        union all
        select format(
            'grant %s (%I) on %s to %s%s',
            privilege_type, attname, pg_temp.qualified_name(view.oid),
            case when grantee = 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end,
            case when is_grantable then ' with grant option' else '' end
        )
        from aclexplode(attacl)
    ) as statements (statement)
    where attrelid = view.oid and attnum > 0 and not attisdropped
        and (statement not like 'alter view%' or adbin is not null)
$helper$;

-- What else hangs on a view: indexes and statistics of a materialized one, triggers, rules beside the view's own.
create or replace function pg_temp.attached_statements(view oid) returns setof text
language sql as $helper$
    select pg_get_indexdef(indexrelid) from pg_index where indrelid = view
    union all
    select pg_get_statisticsobjdef(oid) from pg_statistic_ext where stxrelid = view
    union all
    select pg_get_triggerdef(oid) from pg_trigger where tgrelid = view and not tgisinternal
    union all
    select pg_get_ruledef(oid) from pg_rewrite where ev_class = view and rulename <> '_RETURN'
$helper$;

create or replace function pg_temp.statements_of_view(view oid) returns setof text
language sql as $helper$
    select statement
    from pg_class
    cross join pg_temp.qualified_name(view) as name
    cross join lateral (
        select pg_temp.view_statement(pg_class)
        union all
        select pg_temp.attached_statements(view)
        union all
        select pg_temp.column_statements(pg_class)
        union all
        select format(
            'comment on %s %s is %L',
            case relkind when 'm' then 'materialized view' else 'view' end, name, obj_description(view, 'pg_class')
        )
        where obj_description(view, 'pg_class') is not null
        union all
        select format('alter table %s owner to %I', name, pg_get_userbyid(relowner))
        where pg_get_userbyid(relowner) <> current_user
        union all
        select pg_temp.grants('table', name, relacl)
    ) as statements (statement)
    where pg_class.oid = view and relkind in ('v', 'm')
$helper$;

create or replace function pg_temp.statements_of_function(function oid) returns setof text
language sql as $helper$
    select statement
    from pg_proc
    cross join lateral (
        select pg_get_functiondef(function)
        union all
        select format('comment on routine %s is %L', function::regprocedure, obj_description(function, 'pg_proc'))
        where obj_description(function, 'pg_proc') is not null
        union all
        select format('alter routine %s owner to %I', function::regprocedure, pg_get_userbyid(proowner))
        where pg_get_userbyid(proowner) <> current_user
        union all
        select pg_temp.grants('routine', function::regprocedure::text, proacl)
    ) as statements (statement)
    where pg_proc.oid = function and prokind in ('f', 'p')
$helper$;

create or replace function pg_temp.statements_of_foreign_key(foreign_key oid) returns setof text
language sql as $helper$
    select format(
        'alter table %s add constraint %I %s',
        pg_temp.qualified_name(conrelid), conname, pg_get_constraintdef(oid)
    )
    from pg_constraint
    where oid = foreign_key and contype = 'f'
$helper$;

-- The statements that create an object again, in order; no row for a kind that we do not know how to keep.
create or replace function pg_temp.statements_of(catalog regclass, object oid) returns setof text
language plpgsql as $helper$
begin
    if catalog = 'pg_class'::regclass then
        return query select pg_temp.statements_of_view(object);
    elsif catalog = 'pg_proc'::regclass then
        return query select pg_temp.statements_of_function(object);
    elsif catalog = 'pg_constraint'::regclass then
        return query select pg_temp.statements_of_foreign_key(object);
    end if;
end
$helper$;

create or replace function pg_temp.drop_statement(catalog regclass, object oid) returns text
language plpgsql as $helper$
begin
    if catalog = 'pg_proc'::regclass then
        return format('drop routine %s', object::regprocedure);
    elsif catalog = 'pg_constraint'::regclass then
        return (
            select format('alter table %s drop constraint %I', pg_temp.qualified_name(conrelid), conname)
            from pg_constraint
            where oid = object
        );
    end if;
    return (
        select format(
            'drop %s %s',
            case relkind when 'm' then 'materialized view' else 'view' end, pg_temp.qualified_name(oid)
        )
        from pg_class
        where oid = object
    );
end
$helper$;

create or replace function pg_temp.refuse_what_cannot_be_kept() returns void
language plpgsql as $helper$
declare
    culprit record;
begin
    for culprit in
        select pg_describe_object(catalog, object, 0) as name
        from pg_temp.standing_on_run_log_id()
        where depth >= 100 or not exists (select from pg_temp.statements_of(catalog, object))
    loop
        raise exception 'run_log.id cannot become bigint: % stands on it', culprit.name
            using hint = 'Drop it, apply this migration, and create it again.';
    end loop;
end
$helper$;

-- Some views stand on the old key itself: `select log from run_log group by id` is allowed for a primary key alone.
create or replace function pg_temp.create_again(statement text) returns void
language plpgsql as $helper$
begin
    execute statement;
exception when others then
    raise exception 'this does not stand on the key (run_id, id) of run_log: %', statement
        using detail = sqlerrm, hint = 'Drop it, apply this migration, and create it again in another way.';
end
$helper$;

-- SQL functions without a stored parse tree are read anew at each call. One that lists the columns of a table whose
-- rows it returns no longer fits when the table gets more of them: Postgres finds that out only at the call.
create or replace function pg_temp.is_valid(function oid) returns boolean
language plpgsql as $helper$
begin
    perform fmgr_sql_validator(function);
    return true;
exception when others then
    return false;  -- the caller tells which function it is, if it was in order before
end
$helper$;

create or replace function pg_temp.valid_functions() returns setof oid
language sql as $helper$
    select pg_proc.oid
    from pg_proc
    join pg_language on pg_language.oid = prolang
    join pg_type on pg_type.oid = prorettype
    where lanname = 'sql'
        and typrelid in (
            'public.sweep'::regclass, 'public.run'::regclass, 'public.chart'::regclass,
            'public.run_log'::regclass, 'public.run_blob'::regclass
        )
        and pg_temp.is_valid(pg_proc.oid)
$helper$;

create temporary table functions_in_order as select function from pg_temp.valid_functions() as function;

-- ---------------------------------------------------------------------------------------------------------------
-- Sweeps and runs
-- ---------------------------------------------------------------------------------------------------------------

-- The old values are worked out once, when the columns are new: an old client that goes on adding sweeps afterwards
-- keeps the meaning that its sweeps have.
do $$
begin
    if exists (
        select from pg_attribute
        where attrelid = 'public.sweep'::regclass and attname = 'issued' and not attisdropped
    ) then
        return;
    end if;
    alter table public.sweep
        add column space json,
        add column issued integer not null default 0,
        add column run_limit integer;
    -- Old grid searches count before they draw, so their run k has got point k: the next point is grid_index + 1.
    update public.sweep
    set issued = case
            when grid_index > 0 then grid_index + 1
            else (select count(*) from public.run where run.sweep_id = sweep.id)
        end,
        -- ctid is the order in which the rows were stored, which is the order in which the space was written.
        space = (
            select json_object_agg("Key", to_json(choice) order by ctid)
            from public.parameter_choices
            where parameter_choices.sweep_id = sweep.id
        );
end
$$;

-- Times come without a default first: nobody knows when the old rows were made, so they stay null.
alter table public.sweep add column if not exists created_at timestamptz;
alter table public.sweep alter column created_at set default now();

alter table public.run
    add column if not exists key uuid not null default gen_random_uuid(),
    add column if not exists sweep_index integer,
    add column if not exists retry_of integer,
    add column if not exists created_at timestamptz;
alter table public.run alter column created_at set default now();

alter table public.chart add column if not exists name text;

-- ---------------------------------------------------------------------------------------------------------------
-- Writers, logs and blobs
-- ---------------------------------------------------------------------------------------------------------------

create table if not exists public.writer (
    id serial primary key,
    key uuid not null unique,
    run_id integer not null references public.run (id),
    -- Whence a fork came is worth less than the freedom to delete that run.
    parent_id integer references public.writer (id) on delete set null,
    host text,
    pid integer,
    rank integer,
    delivered bigint not null default 0,
    started_at timestamptz not null default now(),
    heartbeat_at timestamptz not null default now(),
    finished_at timestamptz,
    outcome text constraint writer_outcome_check check (outcome in ('finished', 'failed', 'killed')),
    error text
);
create index if not exists writer_run_id_idx on public.writer (run_id);
create index if not exists writer_parent_id_idx on public.writer (parent_id);

alter table public.run_blob
    add column if not exists writer_id integer,
    add column if not exists seq bigint,
    add column if not exists logged_at timestamptz;
alter table public.run_blob alter column logged_at set default now();

-- Postgres has no `add constraint if not exists`.
create or replace function pg_temp.add_constraint(relation regclass, name text, definition text) returns void
language plpgsql as $helper$
begin
    if not exists (select from pg_constraint where conrelid = relation and conname = name) then
        execute format('alter table %s add constraint %I %s', relation, name, definition);
    end if;
end
$helper$;

-- All that touches the rows of run_log stands in one ALTER TABLE, which rewrites them once.
create or replace function pg_temp.rebuild_run_log() returns void
language plpgsql as $helper$
declare
    old_key name := conname from pg_constraint where conrelid = 'public.run_log'::regclass and contype = 'p';
    sequence oid;
begin
    execute format('alter table public.run_log drop constraint if exists %I', old_key)
        || ', alter column id type bigint'
        || ', add constraint run_log_pkey primary key (run_id, id)';
    for sequence in
        select refobjid
        from pg_attrdef
        join pg_depend on classid = 'pg_attrdef'::regclass and objid = pg_attrdef.oid
        join pg_class on refclassid = 'pg_class'::regclass and pg_class.oid = refobjid and relkind = 'S'
        where adrelid = 'public.run_log'::regclass
    loop
        execute format('alter sequence %s as bigint', pg_temp.qualified_name(sequence));
    end loop;
end
$helper$;

-- Does a table of somebody's refer to run_log by its id alone?
create or replace function pg_temp.is_id_referred_to() returns boolean
language sql as $helper$
    select exists (
        select
        from pg_constraint
        join pg_attribute on attrelid = confrelid and attname = 'id' and confkey = array[attnum]
        where contype = 'f' and confrelid = 'public.run_log'::regclass
    )
$helper$;

create or replace function pg_temp.is_rebuilt() returns boolean
language sql as $helper$
    select exists (
        select
        from pg_constraint
        join pg_attribute as id on id.attrelid = conrelid and id.attname = 'id'
        join pg_attribute as run_id on run_id.attrelid = conrelid and run_id.attname = 'run_id'
        where conrelid = 'public.run_log'::regclass and contype = 'p'
            and conkey = array[run_id.attnum, id.attnum] and id.atttypid = 'bigint'::regtype
    )
$helper$;

do $$
declare
    drops text[];
    creates text[];
    keeps_unique_id boolean := pg_temp.is_id_referred_to();
    statement text;
begin
    if pg_temp.is_rebuilt() then
        return;
    end if;
    perform pg_temp.refuse_what_cannot_be_kept();
    select array_agg(pg_temp.drop_statement(catalog, object) order by depth desc)
    into drops
    from pg_temp.standing_on_run_log_id();
    select array_agg(definition order by depth, object, ordinality)
    into creates
    from pg_temp.standing_on_run_log_id()
    cross join pg_temp.statements_of(catalog, object) with ordinality as statements (definition, ordinality);

    foreach statement in array coalesce(drops, '{}') loop
        execute statement;
    end loop;
    perform pg_temp.rebuild_run_log();
    if keeps_unique_id then
        -- A foreign key can only lead to what is unique.
        perform pg_temp.add_constraint('public.run_log', 'run_log_id_key', 'unique (id)');
    end if;
    foreach statement in array coalesce(creates, '{}') loop
        perform pg_temp.create_again(statement);
    end loop;
end
$$;

alter table public.run_log
    add column if not exists writer_id integer,
    add column if not exists seq bigint,
    add column if not exists logged_at timestamptz;
alter table public.run_log alter column logged_at set default now();

-- ---------------------------------------------------------------------------------------------------------------
-- Keys
-- ---------------------------------------------------------------------------------------------------------------

select
    pg_temp.add_constraint('public.run', 'run_key_key', 'unique (key)'),
    pg_temp.add_constraint('public.run', 'run_retry_of_key', 'unique (retry_of)'),
    pg_temp.add_constraint(
        'public.run', 'run_retry_of_fkey', 'foreign key (retry_of) references public.run (id) on delete set null'
    ),
    -- A record that is sent again finds itself here, and is left out.
    pg_temp.add_constraint('public.run_log', 'run_log_writer_id_seq_key', 'unique (writer_id, seq)'),
    pg_temp.add_constraint('public.run_blob', 'run_blob_writer_id_seq_key', 'unique (writer_id, seq)');

-- ---------------------------------------------------------------------------------------------------------------
-- Functions
-- ---------------------------------------------------------------------------------------------------------------

create or replace function public.run_before_insert() returns trigger
language plpgsql as $function$
begin
    -- NULL || x is NULL: an _append to a null metadata would lose what it appends.
    new.metadata := coalesce(new.metadata, '{}');
    if new.sweep_id is null or new.sweep_index is not null then
        return new;
    end if;
    -- The row lock makes two runs that start together follow each other: no point is given out twice.
    update public.sweep
    set issued = issued + 1
    where id = new.sweep_id and (run_limit is null or issued < run_limit)
    returning issued - 1 into new.sweep_index;
    -- A sweep that does not exist is left to the foreign key.
    if not found and exists (select from public.sweep where id = new.sweep_id) then
        raise check_violation using message = 'no runs left';
    end if;
    return new;
end
$function$;

drop trigger if exists run_before_insert on public.run;
create trigger run_before_insert before insert on public.run
for each row execute function public.run_before_insert();

create or replace function public.run_status(run_row public.run) returns text
language sql stable as $function$
    with writer as (
        select
            outcome,
            outcome is null and heartbeat_at > now() - interval '2 minutes' as is_running,
            -- Only who was still there when the newest process began counts: a run that was killed and resumed is
            -- not killed. A fork is no new beginning.
            greatest(heartbeat_at, finished_at) >= coalesce(
                max(started_at) filter (where parent_id is null) over (), '-infinity'
            ) as is_latest
        from public.writer
        where writer.run_id = run_row.id
    )
    select case
        when bool_or(is_running) then 'running'
        when bool_or(is_latest and outcome = 'failed') then 'failed'
        when bool_or(is_latest and outcome = 'killed') then 'killed'
        when bool_or(is_latest and outcome is null) then 'silent'
        when count(*) > 0 then 'finished'
    end
    from writer
$function$;

-- The windows need the primary key alone, so the logs themselves are read only for the rows that are kept.
-- A function with a setting is planned by itself. Folded into a query that asks for a range of ids, it would begin
-- with that range, and on a table without statistics compare each of its rows with all that are kept.
create or replace function public.run_log_sample(run_ids integer[], max_rows integer) returns setof public.run_log
language sql stable set jit = off as $function$
    with position as (
        select
            run_id,
            id,
            row_number() over (partition by run_id order by id) - 1 as index,
            count(*) over (partition by run_id) - 1 as last
        from public.run_log
        where run_id = any (run_ids)
    ),
    kept as (
        select run_id, id
        from position
        where max_rows > last or max_rows is null
            or (max_rows = 1 and index = last)
            -- The row at which a line of max_rows steps climbs by one: max_rows rows, the first and the last among
            -- them, no two gaps more than one row apart. (nullif: a run of one row is among the short ones above.)
            or (max_rows > 1 and (
                index = 0
                or index * (max_rows - 1) / nullif(last, 0) > (index - 1) * (max_rows - 1) / nullif(last, 0)
            ))
    )
    select run_log.*
    from kept
    join public.run_log using (run_id, id)
    order by run_id, id
$function$;

-- ---------------------------------------------------------------------------------------------------------------
-- Functions that were here before: do they still fit?
-- ---------------------------------------------------------------------------------------------------------------

do $$
declare
    broken regprocedure;
begin
    for broken in
        select pg_proc.oid
        from functions_in_order
        join pg_proc on pg_proc.oid = functions_in_order.function
        where not pg_temp.is_valid(pg_proc.oid)
    loop
        raise exception 'the function % lists the columns of a table that gets new ones', broken
            using hint = 'Let it select all columns (t.*), and apply this migration again.';
    end loop;
end
$$;
drop table functions_in_order;

-- ---------------------------------------------------------------------------------------------------------------
-- Comments: Hasura shows them as the descriptions of types and fields
-- ---------------------------------------------------------------------------------------------------------------

comment on table public.sweep is
'A search over parameters: each of its runs gets a point of its space.';
comment on column public.sweep.id is 'Number of the sweep.';
comment on column public.sweep.grid_index is
'Counter of run-logger 0.1 for a grid search; null says that the sweep is a random search.';
comment on column public.sweep.metadata is 'Whatever is known about the sweep: its name, the command, the method.';
comment on column public.sweep.archived is 'Hidden from lists that show only what is current.';
comment on column public.sweep.remaining_runs is 'Counter that run agents of old keep; nothing else reads it.';
comment on column public.sweep.space is
'The parameter space as it was written, with its keys in order. Null: read parameter_choices in the order of "Key".';
comment on column public.sweep.issued is 'How many points have been given out: the sweep_index of the next run.';
comment on column public.sweep.run_limit is
'How many runs the sweep may have in all. Null: no limit, and a grid begins again when it is through.';
comment on column public.sweep.created_at is 'When the sweep was made; null for sweeps older than this column.';

comment on table public.parameter_choices is
'The choices of one parameter of a sweep, as run-logger 0.1 reads them. sweep.space is the space itself.';
comment on column public.parameter_choices.sweep_id is 'The sweep whose parameter this is.';
comment on column public.parameter_choices."Key" is 'Name of the parameter.';
comment on column public.parameter_choices.choice is 'The values to choose from.';

comment on table public.run is 'A long process that depends on parameters and gives out logs.';
comment on column public.run.id is 'Number of the run.';
comment on column public.run.sweep_id is 'The sweep that gave the run its parameters; null for a run on its own.';
comment on column public.run.metadata is
'Whatever is known about the run; `parameters` holds its parameters, `parameter_sources` whence each came.';
comment on column public.run.archived is 'Hidden from lists that show only what is current.';
comment on column public.run.key is
'Identity of the run, which its processes know before the database does: a create that is sent again fails on it.';
comment on column public.run.sweep_index is
'Which point of the sweep the run has, from 0. Given out by the sweep at the insert, unless it is set.';
comment on column public.run.retry_of is 'The run of which this one is another try, at the same point.';
comment on column public.run.created_at is 'When the run was made; null for runs older than this column.';

comment on table public.chart is 'A Vega or Vega-Lite chart that is drawn from the logs of a run.';
comment on column public.chart.id is 'Number of the chart.';
comment on column public.chart.run_id is 'The run whose logs the chart shows.';
comment on column public.chart.spec is 'The Vega or Vega-Lite specification; the logs are put in as its data.';
comment on column public.chart.archived is 'Hidden from lists that show only what is current.';
comment on column public.chart."order" is 'Place among the charts of the run, from 0.';
comment on column public.chart.name is 'Name of the chart.';

comment on table public.run_log is 'What a run logged: a row for each call of log().';
comment on column public.run_log.id is
'Number of the row. Rows of several writers become visible out of its order: follow (writer_id, seq) instead.';
comment on column public.run_log.run_id is 'The run that logged this.';
comment on column public.run_log.log is 'The logged values by name.';
comment on column public.run_log.writer_id is 'The writer that sent the row; null for rows of run-logger 0.1.';
comment on column public.run_log.seq is
'Offset in bytes of the end of the record in the journal of its writer: its identity, and its order there.';
comment on column public.run_log.logged_at is 'When it was logged; null for rows older than this column.';

comment on table public.run_blob is 'Binary data that a run stored, such as an image or a model.';
comment on column public.run_blob.id is 'Number of the blob.';
comment on column public.run_blob.run_id is 'The run that stored this.';
comment on column public.run_blob.blob is 'The bytes.';
comment on column public.run_blob.metadata is 'Whatever is known about the blob: its name, its media type.';
comment on column public.run_blob.writer_id is 'The writer that sent the blob; null for blobs of run-logger 0.1.';
comment on column public.run_blob.seq is
'Offset in bytes of the end of the record in the journal of its writer: its identity, and its order there.';
comment on column public.run_blob.logged_at is 'When it was stored; null for blobs older than this column.';

comment on table public.writer is
'One process that writes one run, with a journal of its own. Ranks, forks and resumed runs make several of them.';
comment on column public.writer.id is 'Number of the writer.';
comment on column public.writer.key is 'Identity of the writer: the name of its journal.';
comment on column public.writer.run_id is 'The run that it writes.';
comment on column public.writer.parent_id is 'The writer that this process was forked from.';
comment on column public.writer.host is 'Name of the machine.';
comment on column public.writer.pid is 'Process id on that machine.';
comment on column public.writer.rank is 'Rank of the process in a distributed job.';
comment on column public.writer.delivered is
'Offset in bytes in its journal, up to which every record is in the database or set aside.';
comment on column public.writer.started_at is 'When the process began to write.';
comment on column public.writer.heartbeat_at is 'When the writer was last heard of, by the clock of the database.';
comment on column public.writer.finished_at is 'When it ended; null while it runs.';
comment on column public.writer.outcome is 'How it ended: finished, failed or killed; null while nobody knows.';
comment on column public.writer.error is 'Type and message of the exception that ended it.';

comment on function public.run_before_insert() is
'Makes a null metadata an empty one, and gives a run of a sweep its point.';
comment on function public.run_status(public.run) is
'running, failed, killed, silent or finished; null for a run without writers.';
comment on function public.run_log_sample(integer[], integer) is
'At most max_rows rows of each run, evenly spaced, its first and its last among them (the last if max_rows is 1).';

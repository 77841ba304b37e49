-- A database as run-logger 0.1.8 and its page used it for years: no index on run_log.run_id, metadata that is null,
-- and tables, views and functions of its users' own.

create table sweep (
    id serial primary key,
    grid_index integer,
    metadata jsonb,
    archived boolean not null default false,
    remaining_runs integer default 0
);
create table run (
    id serial primary key,
    sweep_id integer references sweep (id),
    metadata jsonb,
    archived boolean not null default false
);
create table run_log (id serial primary key, run_id integer not null references run (id), log jsonb not null);
create table run_blob (
    id serial primary key,
    run_id integer not null references run (id),
    blob bytea not null,
    metadata jsonb
);
create table chart (
    id serial primary key,
    run_id integer references run (id),
    spec jsonb not null,
    archived boolean not null default false,
    "order" integer
);
create table parameter_choices (
    sweep_id integer not null references sweep (id),
    "Key" text not null,
    choice jsonb[] not null,
    unique (sweep_id, "Key")
);

-- Sweeps: random search, a grid not begun, a grid under way, one without choices.
insert into sweep (grid_index, metadata) values (null, null), (0, '{"name": "grid"}'), (5, '{}'), (null, '{}');
insert into parameter_choices values
    (1, 'lr', array['0.1', '0.01']::jsonb[]),
    (1, 'batch', array['[1, 2]', '{"a": null}', '"x"']::jsonb[]),
    (2, 'z', array['1']::jsonb[]),
    (2, 'a', array['1']::jsonb[]),
    (3, 'lr', array['true']::jsonb[]);
insert into run (sweep_id, metadata, archived) values
    (null, null, false),
    (null, '{"parameters": {"lr": 0.1}}', true),
    (1, '{}', false),
    (1, null, false),
    (3, '{}', false);
insert into run_log (run_id, log)
select 1 + i % 5, jsonb_build_object('step', i, 'loss', 1.0 / (i + 1)) from generate_series(0, 99) as i;
insert into run_blob (run_id, blob, metadata) values (1, '\xdeadbeef', null), (2, 'text', '{"name": "t"}');
insert into chart (run_id, spec, "order") values (1, '{"mark": "line"}', 0), (null, '{}', null);
update run set metadata = metadata || '{"name": "the second"}' where id = 2;

-- What run-logger does not know.
create table new_run_logs (id integer primary key, run_id integer not null, log jsonb not null);
insert into new_run_logs values (1, 1, '{}');

create table "note, on a log" (
    id serial primary key,
    run_log_id integer constraint "to the log" references run_log (id) on delete cascade,
    note text
);
insert into "note, on a log" (run_log_id, note) values (7, 'odd');

do $$  -- roles belong to the server, where another test has made them
begin
    create role viewer_of_old;
    create role owner_of_old;
exception when duplicate_object then null;
end
$$;
grant usage on schema public to viewer_of_old, owner_of_old;
create schema "Lab";
grant usage on schema "Lab" to viewer_of_old, owner_of_old;

create view "Lab"."Last log" with (security_barrier = true) as
select max(id) as id, run_id from run_log group by run_id;
comment on view "Lab"."Last log" is 'newest row of a run';
comment on column "Lab"."Last log".id is 'number of the row';
grant select on "Lab"."Last log" to viewer_of_old with grant option;
grant select on "Lab"."Last log" to owner_of_old;

create view "Lab".loss as
select last_log.id, log ->> 'loss' as "the loss"
from "Lab"."Last log" as last_log
join run_log using (id);
grant select ("the loss") on "Lab".loss to viewer_of_old;
alter view "Lab".loss alter column "the loss" set default '1';
alter table run_log owner to owner_of_old;
alter view "Lab".loss owner to owner_of_old;

create function "Lab".nothing() returns trigger language plpgsql as $$ begin return null; end $$;
create trigger "no writes" instead of insert on "Lab".loss for each row execute function "Lab".nothing();
create rule "no deletes" as on delete to "Lab".loss do instead nothing;

create materialized view "Lab".counted as
select max(loss.id) as id, count(*) as rows from "Lab".loss;
create unique index "counted by id" on "Lab".counted (id);
comment on materialized view "Lab".counted is 'how many';
create materialized view "Lab".unfilled as select id from run_log with no data;

create view "Lab".apart as select id, metadata from run;

create function "Lab".losses(first_id integer) returns setof "Lab".loss language sql stable as $$
    select * from "Lab".loss where id >= first_id
$$;
comment on function "Lab".losses(integer) is 'losses from a row on';
revoke all on function "Lab".losses from public;
grant execute on function "Lab".losses to viewer_of_old;
create view "Lab".late as select id from "Lab".losses(50);

create function "Lab".newest_id() returns integer language sql stable begin atomic
    select max(id) from run_log;
end;

create function late_logs(after integer) returns setof run_log language sql stable as $$
    select * from run_log where id > after
$$;
create function metadata_path(row_of run, path text[]) returns text language sql stable as $$
    select row_of.metadata #>> path
$$;
create function non_sweep_run() returns setof run language sql stable as $$
    select * from run where sweep_id is null  -- ours, and to be left alone
$$;

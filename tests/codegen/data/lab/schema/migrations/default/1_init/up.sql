create table status (value text primary key, comment text);
insert into status values ('planned', 'Not begun.'), ('class', 'A keyword of Python.'), ('title', 'A method of str.');
create table kind (value text primary key, comment text);
insert into kind values ('liquid', null), ('solid', null);

create table lab (id serial primary key, name text not null unique, opened date);
create table person (
  id uuid primary key default gen_random_uuid(),
  lab_id int not null references lab, first_name text not null, last_name text not null, email text unique
);
comment on table person is 'Who works here.';
comment on column person.email is 'Where reports go.';
create function person_full_name(person_row person) returns text language sql stable
  as $$ select person_row.first_name || ' ' || person_row.last_name $$;
create table project (
  id serial primary key, title text not null, status text not null default 'planned' references status,
  settings jsonb not null default '{}', notes json
);
create table membership (
  project_id int references project, person_id uuid references person, role text, since date,
  primary key (project_id, person_id)
);
create table instrument (id smallint primary key, serial_number bigint, address inet, maintained interval);
create table sample (
  id bigserial primary key, project_id int not null references project, kind text references kind,
  "from" text, taken_at timestamptz not null default now(), weighed numeric(30, 12), tags text[]
);
create table measurement (
  id bigserial primary key, sample_id bigint not null references sample,
  instrument_id smallint references instrument, value float8, error float4, at timestamptz not null default now()
);
create table attachment (id serial primary key, sample_id bigint references sample, content bytea, media_type varchar(80));
create table schedule (
  id serial primary key, instrument_id smallint references instrument, day date, starts time, ends timetz,
  entered timestamp, lasts interval, ok bool
);
create table price (id serial primary key, item text not null, amount numeric, shown money, code char(3));
create table vendor (id serial primary key, name text, price_ids int[], matrix float8[]);
create table audit ("_id" uuid primary key default gen_random_uuid(), id int, who text, bits bit(4), span int4range);
create table note (project_id int references project, number int, body text, primary key (project_id, number));

create function samples_like(pattern text) returns setof sample language sql stable
  as $$ select * from sample where "from" ilike pattern $$;
create function project_samples(project_row project) returns setof sample language sql stable
  as $$ select * from sample where project_id = project_row.id $$;

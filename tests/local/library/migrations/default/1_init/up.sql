CREATE EXTENSION ltree;
CREATE EXTENSION citext;

CREATE TABLE country (code char(2) PRIMARY KEY, name text NOT NULL);

CREATE TABLE author (
    id serial PRIMARY KEY,
    name text NOT NULL UNIQUE,
    born date,
    country_code varchar(2),
    rating double precision,
    awards integer,
    active boolean DEFAULT true,
    address jsonb,
    tags text[]
);

CREATE TABLE article (
    id serial PRIMARY KEY,
    author_id integer REFERENCES author,
    title text NOT NULL,
    published timestamptz,
    words bigint,
    score numeric(6, 2),
    meta json
);

CREATE TABLE review (
    id serial PRIMARY KEY,
    article_id integer NOT NULL REFERENCES article,
    stars smallint NOT NULL,
    weight double precision NOT NULL,
    approved boolean
);

CREATE TABLE line (page integer, number integer, words text, PRIMARY KEY (page, number));

CREATE TABLE mark (
    id integer PRIMARY KEY, page integer, number integer,
    FOREIGN KEY (page, number) REFERENCES line
);
CREATE TABLE genre (value text PRIMARY KEY, comment text);
CREATE TABLE shelf (
    id integer PRIMARY KEY, path ltree, label citext, genre text REFERENCES genre
);
CREATE VIEW score_of_author AS
    SELECT author_id, sum(score) AS total FROM article WHERE author_id IS NOT NULL GROUP BY 1;

CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TYPE spot AS (x integer, y integer);
CREATE TABLE sample (
    id uuid PRIMARY KEY,
    small smallint, big bigint, real real, double double precision, exact numeric, cash money,
    flag boolean, padded char(4), raw bytea, day date, hour time, hour_tz timetz,
    moment timestamp, moment_tz timestamptz, lapse interval, address inet, bits bit(3),
    plain json, tree jsonb, numbers integer[], grid integer[], feeling mood, place spot, span int4range
);

CREATE SCHEMA "Odd %s";
CREATE TABLE "Odd %s"."Ta""b:le %" (
    "I%d" integer PRIMARY KEY, "na:me" text, "über" numeric, "select" text, "%(v0)s" integer
);

INSERT INTO country VALUES ('GB', 'Britain'), ('FR', 'France');
INSERT INTO author VALUES
    (1, 'Ada', '1815-12-10', 'GB', 4.5, 3, true,
     '{"city": "London", "geo": {"lat": 51.5}, "langs": ["en", "fr"]}', '{math,code}'),
    (2, 'Bob', NULL, NULL, NULL, NULL, false, NULL, NULL),
    (3, 'Émile', '1840-04-02', 'FR', 3.25, 1, true, '{"city": "Paris"}', '{prose}'),
    (4, 'Zoë', '1990-01-01', 'DE', 4.5, 0, NULL, '[]', '{}');
INSERT INTO article VALUES
    (1, 1, 'Notes', '2020-01-02T03:04:05.5Z', 9007199254740993, 1.50,
     '{"b": 1,  "a": [1, {"x y": null}]}'),
    (2, 1, 'Engines', '2021-01-01Z', 100, 2.00, NULL),
    (3, 3, 'Germinal', NULL, NULL, 4.25, NULL),
    (4, 3, 'Nana', '2019-01-01Z', 50, NULL, NULL),
    (5, NULL, 'Anonymous', NULL, 10, 0.10, NULL),
    (6, 4, '100% guide', NULL, 100, 2.00, NULL);
INSERT INTO review VALUES
    (1, 1, 5, 1.5, true), (2, 1, 3, 0.5, false), (3, 2, 4, 2.0, true),
    (4, 3, 1, 0.25, NULL), (5, 3, 1, 4.0, true), (6, 6, 5, 'NaN', true);
INSERT INTO line VALUES (1, 1, 'one'), (1, 2, 'two');
INSERT INTO mark VALUES (1, 1, 2), (2, 1, 2), (3, 1, 1), (4, 1, NULL);
INSERT INTO genre VALUES ('prose', 'What is not verse'), ('verse', NULL);
INSERT INTO shelf VALUES
    (1, 'top', 'Top', NULL), (2, 'top.science', 'science', 'prose'),
    (3, 'top.science.maths', 'MATHS', 'prose'), (4, 'top.hobby', 'Hobby', 'verse');
INSERT INTO sample VALUES (
    '6F1A0D64-0000-4000-8000-00000000000A',
    1, 9007199254740993, 1.5, 'Infinity', '1.50', '1.00',
    true, 'ab', '\xdeadbeef', '2014-09-14', '11:09:23', '15:22:23+00',
    '2004-10-19 10:23:54', '2015-10-17 14:42:43.250+00', '01:03:02', '10.0.0.1', '101',
    '{"b":1,  "a":2}', '{"b":1,  "a":2}', '{1,2}', '{{1,2},{3,4}}', 'happy', '(1,2)', '[1,5)'
);
INSERT INTO "Odd %s"."Ta""b:le %" VALUES (1, 'x', 1.50, 's', 7), (2, 'y', 2, NULL, NULL);

CREATE FUNCTION search_articles(search text, most integer DEFAULT 10, newest_first boolean DEFAULT true)
RETURNS SETOF article STABLE LANGUAGE sql AS $$
    SELECT * FROM article WHERE title ILIKE '%' || search || '%'
    ORDER BY CASE WHEN newest_first THEN -id ELSE id END LIMIT most
$$;
CREATE FUNCTION between_ids(integer, integer, step integer DEFAULT 1)
RETURNS SETOF article STABLE LANGUAGE sql AS $$
    SELECT * FROM article WHERE id BETWEEN $1 AND $2 AND id % $3 = 0 ORDER BY id
$$;
CREATE FUNCTION all_authors() RETURNS SETOF author STABLE LANGUAGE sql AS
    'SELECT * FROM author ORDER BY id';
CREATE FUNCTION author_named(wanted text) RETURNS author STABLE LANGUAGE sql AS
    'SELECT * FROM author WHERE name = wanted';
CREATE FUNCTION my_author(session json, suffix text DEFAULT '') RETURNS SETOF author
STABLE LANGUAGE sql AS $$
    SELECT * FROM author WHERE name = (session ->> 'x-hasura-user-id') || suffix
$$;
CREATE FUNCTION "Odd %s"."Fun:c %"("In" integer DEFAULT 1, "B" integer DEFAULT 0)
RETURNS SETOF "Odd %s"."Ta""b:le %" STABLE LANGUAGE sql AS
    'SELECT * FROM "Odd %s"."Ta""b:le %" WHERE "I%d" = "In" + "B"';
CREATE FUNCTION add_country(code text, name text) RETURNS SETOF country VOLATILE LANGUAGE sql AS
    'INSERT INTO country VALUES (code, name) RETURNING *';

CREATE FUNCTION fail(state text, message text) RETURNS SETOF author STABLE LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message, HINT = 'ask again';
END
$$;

CREATE FUNCTION author_label(author, mark text DEFAULT '!') RETURNS text STABLE LANGUAGE sql AS
    $$ SELECT $1.name || mark $$;
CREATE FUNCTION author_shout(author) RETURNS text STABLE LANGUAGE sql AS
    $$ SELECT upper($1.name) $$;
CREATE FUNCTION author_summary(author) RETURNS jsonb STABLE LANGUAGE sql AS
    $$ SELECT jsonb_build_object('name', $1.name, 'born', $1.born) $$;
CREATE FUNCTION author_best(lowest numeric, writer author) RETURNS SETOF article STABLE LANGUAGE sql AS
    'SELECT * FROM article WHERE author_id = writer.id AND score >= lowest ORDER BY score DESC';
CREATE FUNCTION author_scored(author) RETURNS SETOF article STABLE LANGUAGE sql AS
    'SELECT * FROM article WHERE author_id = $1.id AND score IS NOT NULL';
CREATE FUNCTION author_is_me(author, session json) RETURNS boolean STABLE LANGUAGE sql AS
    $$ SELECT $1.name = session ->> 'x-hasura-user-id' $$;

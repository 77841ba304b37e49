-- The functions of Postgres's own extension pgcrypto, for a Postgres that was built without it:
-- those that its built-in functions allow are here, the others say what to do.

\echo Use "CREATE EXTENSION pgcrypto" to load this file. \quit

CREATE FUNCTION gen_random_uuid() RETURNS uuid
    LANGUAGE sql VOLATILE PARALLEL SAFE
    AS $$ SELECT pg_catalog.gen_random_uuid() $$;

CREATE FUNCTION gen_random_bytes(count int) RETURNS bytea
    LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE AS $$
DECLARE
    bytes bytea := '';
    uuid bytea;
BEGIN
    IF count < 1 OR count > 1024 THEN
        RAISE EXCEPTION 'Length not in range' USING ERRCODE = 'external_routine_invocation_exception';
    END IF;
    WHILE length(bytes) < count LOOP
        uuid := uuid_send(pg_catalog.gen_random_uuid());
        -- The bytes 6 and 8 hold the uuid's version and variant; all bits of the others are random.
        bytes := bytes || substring(uuid FROM 1 FOR 6) || substring(uuid FROM 10 FOR 7);
    END LOOP;
    RETURN substring(bytes FROM 1 FOR count);
END $$;

CREATE FUNCTION digest(data bytea, type text) RETURNS bytea
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    CASE lower(type)
        WHEN 'md5' THEN RETURN decode(md5(data), 'hex');
        WHEN 'sha224' THEN RETURN sha224(data);
        WHEN 'sha256' THEN RETURN sha256(data);
        WHEN 'sha384' THEN RETURN sha384(data);
        WHEN 'sha512' THEN RETURN sha512(data);
        ELSE
            RAISE EXCEPTION 'Cannot use "%": this pgcrypto has the digests md5, sha224, sha256, sha384 and sha512', type
                USING ERRCODE = 'feature_not_supported',
                HINT = 'Use a Postgres with its contributed modules: point PGBIN to its bin directory, or give --database-url.';
    END CASE;
END $$;

CREATE FUNCTION digest(data text, type text) RETURNS bytea
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN digest(convert_to(data, getdatabaseencoding()), type);

-- RFC 2104: H(K xor opad, H(K xor ipad, text)).
CREATE FUNCTION hmac(data bytea, key bytea, type text) RETURNS bytea
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (
        WITH sizes AS (
            SELECT CASE WHEN lower(type) IN ('sha384', 'sha512') THEN 128 ELSE 64 END AS block
        ), keys AS (
            SELECT block, CASE WHEN length(key) > block THEN digest(key, type) ELSE key END AS short
            FROM sizes
        ), bytes AS (
            SELECT place, CASE WHEN place < length(short) THEN get_byte(short, place) ELSE 0 END AS byte
            FROM keys, generate_series(0, block - 1) AS place
        ), pads AS (
            SELECT string_agg(set_byte('\x00', 0, byte # 54), '' ORDER BY place) AS inner_pad,
                string_agg(set_byte('\x00', 0, byte # 92), '' ORDER BY place) AS outer_pad
            FROM bytes
        )
        SELECT digest(outer_pad || digest(inner_pad || data, type), type) FROM pads
    );

CREATE FUNCTION hmac(data text, key text, type text) RETURNS bytea
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN hmac(
        convert_to(data, getdatabaseencoding()), convert_to(key, getdatabaseencoding()), type
    );

-- What has no built-in function, by name, arguments and result.
DO $$
DECLARE
    missing record;
BEGIN
    FOR missing IN SELECT * FROM (VALUES
        ('crypt', 'text, text', 'text'),
        ('gen_salt', 'text', 'text'),
        ('gen_salt', 'text, int', 'text'),
        ('encrypt', 'bytea, bytea, text', 'bytea'),
        ('decrypt', 'bytea, bytea, text', 'bytea'),
        ('encrypt_iv', 'bytea, bytea, bytea, text', 'bytea'),
        ('decrypt_iv', 'bytea, bytea, bytea, text', 'bytea'),
        ('pgp_sym_encrypt', 'text, text', 'bytea'),
        ('pgp_sym_encrypt', 'text, text, text', 'bytea'),
        ('pgp_sym_encrypt_bytea', 'bytea, text', 'bytea'),
        ('pgp_sym_encrypt_bytea', 'bytea, text, text', 'bytea'),
        ('pgp_sym_decrypt', 'bytea, text', 'text'),
        ('pgp_sym_decrypt', 'bytea, text, text', 'text'),
        ('pgp_sym_decrypt_bytea', 'bytea, text', 'bytea'),
        ('pgp_sym_decrypt_bytea', 'bytea, text, text', 'bytea'),
        ('pgp_pub_encrypt', 'text, bytea', 'bytea'),
        ('pgp_pub_encrypt', 'text, bytea, text', 'bytea'),
        ('pgp_pub_encrypt_bytea', 'bytea, bytea', 'bytea'),
        ('pgp_pub_encrypt_bytea', 'bytea, bytea, text', 'bytea'),
        ('pgp_pub_decrypt', 'bytea, bytea', 'text'),
        ('pgp_pub_decrypt', 'bytea, bytea, text', 'text'),
        ('pgp_pub_decrypt', 'bytea, bytea, text, text', 'text'),
        ('pgp_pub_decrypt_bytea', 'bytea, bytea', 'bytea'),
        ('pgp_pub_decrypt_bytea', 'bytea, bytea, text', 'bytea'),
        ('pgp_pub_decrypt_bytea', 'bytea, bytea, text, text', 'bytea'),
        ('pgp_key_id', 'bytea', 'text'),
        ('armor', 'bytea', 'text'),
        ('armor', 'bytea, text[], text[]', 'text'),
        ('dearmor', 'text', 'bytea'),
        ('fips_mode', '', 'boolean')
    ) AS functions (name, arguments, result) LOOP
        EXECUTE format(
            'CREATE FUNCTION %I(%s) RETURNS %s LANGUAGE plpgsql STRICT PARALLEL SAFE AS %L',
            missing.name, missing.arguments, missing.result,
            format(
                'BEGIN RAISE EXCEPTION %L USING ERRCODE = %L, HINT = %L; END',
                missing.name || ' is not in this pgcrypto, which has what Postgres has built in',
                'feature_not_supported',
                'Use a Postgres with its contributed modules: point PGBIN to its bin directory, or give --database-url.'
            )
        );
    END LOOP;
END $$;

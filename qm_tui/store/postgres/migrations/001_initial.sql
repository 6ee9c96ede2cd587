-- The store of qm-tui. Run by `qm-tui init`, as the owner.
--
-- Every text has the collation "C": what is compared, sorted or unique was made comparable by the
-- program before, so that no locale of the server decides. What the program makes of the values of a
-- user is in the columns from `keys` on; `store.derived_version` says by which version of its rules.

CREATE SCHEMA qm_tui;

-- in `public`: Citus would alter the owner of another schema on its workers, as only superusers may
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;

-- one row: how the store was set up
CREATE TABLE qm_tui.store (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    schema_version integer NOT NULL,
    derived_version integer NOT NULL,
    name_order text NOT NULL
);

-- one row, the last that each transaction writes: so numbers have no gaps, and are in the order in
-- which transactions become visible
CREATE TABLE qm_tui.head (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    number bigint NOT NULL,
    version bigint NOT NULL,
    total bigint NOT NULL
) WITH (fillfactor = 10);

CREATE SEQUENCE qm_tui.transaction_ids;

CREATE TABLE qm_tui.transactions (
    id bigint PRIMARY KEY,
    number bigint NOT NULL UNIQUE,
    version bigint NOT NULL UNIQUE,
    committed_at timestamptz NOT NULL,
    session_role text NOT NULL DEFAULT session_user,
    login text NOT NULL,
    address text NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    details text NOT NULL,
    digest text NOT NULL,
    token text NOT NULL,
    added integer NOT NULL,
    changed integer NOT NULL,
    deleted integer NOT NULL,
    is_available boolean NOT NULL DEFAULT true
);

-- The users, in the order of `seq`. `version` is the ID of the last transaction that wrote the row.
-- `extra` has what other programs added to a user.
CREATE TABLE qm_tui.users (
    user_id text COLLATE "C" PRIMARY KEY,
    seq bigint NOT NULL,
    version bigint NOT NULL,
    first_name text COLLATE "C" NOT NULL,
    last_name text COLLATE "C" NOT NULL,
    extension text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    department text COLLATE "C" NOT NULL,
    user_name text COLLATE "C" NOT NULL,
    password text COLLATE "C" NOT NULL,
    security_profile text COLLATE "C" NOT NULL,
    recording_profile text COLLATE "C" NOT NULL,
    phone_ip text COLLATE "C" NOT NULL,
    is_active text COLLATE "C" NOT NULL,
    recording_service text COLLATE "C" NOT NULL,
    unlimited_license text COLLATE "C" NOT NULL,
    on_demand_license text COLLATE "C" NOT NULL,
    computer_recording_license text COLLATE "C" NOT NULL,
    windows_login text COLLATE "C" NOT NULL,
    sip_uri text COLLATE "C" NOT NULL,
    salt text COLLATE "C" NOT NULL,
    location text COLLATE "C" NOT NULL,
    additional_extensions text COLLATE "C" NOT NULL,
    lookback_enabled text COLLATE "C" NOT NULL,
    privacy_enabled text COLLATE "C" NOT NULL,
    private_extensions text COLLATE "C" NOT NULL,
    dual_endpoints_enabled text COLLATE "C" NOT NULL,
    secondary_phone_ip text COLLATE "C" NOT NULL,
    extra jsonb,
    keys text[] COLLATE "C" NOT NULL,
    search text COLLATE "C" NOT NULL,
    folded_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    look_alike text COLLATE "C",
    full_name text COLLATE "C",
    bare_name text COLLATE "C",
    other_extensions text[] COLLATE "C",
    is_valid boolean NOT NULL
);

-- each comparable User Name has one owner
CREATE TABLE qm_tui.names (
    name text COLLATE "C" PRIMARY KEY,
    user_id text COLLATE "C" NOT NULL
);

-- What transactions did to users. The arrays have the values in the order of the fields: NULL if a
-- value did not change, and no array if there was or is no user. Passwords and salts are in arrays
-- of their own, and empty in the others. `previous` is the `version` of the row before, `extra` that
-- of a deleted user: a restored one gets it back.
CREATE TABLE qm_tui.changes (
    transaction bigint NOT NULL,
    position integer NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    previous bigint,
    before text[] COLLATE "C",
    after text[] COLLATE "C",
    secrets_before text[] COLLATE "C",
    secrets_after text[] COLLATE "C",
    extra jsonb,
    PRIMARY KEY (transaction, user_id)
);
CREATE INDEX changes_of_user ON qm_tui.changes (user_id, transaction);

-- What a transaction is about to write. Rows are inserted and deleted by the same transaction, so
-- that each sees only its own.
CREATE UNLOGGED TABLE qm_tui.staged (
    position integer NOT NULL,
    is_deleted boolean NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    first_name text COLLATE "C",
    last_name text COLLATE "C",
    extension text COLLATE "C",
    agent_id text COLLATE "C",
    department text COLLATE "C",
    user_name text COLLATE "C",
    password text COLLATE "C",
    security_profile text COLLATE "C",
    recording_profile text COLLATE "C",
    phone_ip text COLLATE "C",
    is_active text COLLATE "C",
    recording_service text COLLATE "C",
    unlimited_license text COLLATE "C",
    on_demand_license text COLLATE "C",
    computer_recording_license text COLLATE "C",
    windows_login text COLLATE "C",
    sip_uri text COLLATE "C",
    salt text COLLATE "C",
    location text COLLATE "C",
    additional_extensions text COLLATE "C",
    lookback_enabled text COLLATE "C",
    privacy_enabled text COLLATE "C",
    private_extensions text COLLATE "C",
    dual_endpoints_enabled text COLLATE "C",
    secondary_phone_ip text COLLATE "C",
    keys text[] COLLATE "C",
    search text COLLATE "C",
    folded_id text COLLATE "C",
    name text COLLATE "C",
    look_alike text COLLATE "C",
    full_name text COLLATE "C",
    bare_name text COLLATE "C",
    other_extensions text[] COLLATE "C",
    is_valid boolean
);

-- the order of the store
CREATE INDEX users_in_order ON qm_tui.users (seq);

-- The orders of the columns that are shown first. Users with equal keys are in the order of the
-- store in both directions: where many of them have one key, the other direction needs an index.
CREATE INDEX users_by_first_name ON qm_tui.users ((keys[1]), seq);
CREATE INDEX users_by_last_name ON qm_tui.users ((keys[2]), seq);
CREATE INDEX users_by_extension ON qm_tui.users ((keys[3]), seq);
CREATE INDEX users_by_user_name ON qm_tui.users ((keys[7]), seq);
CREATE INDEX users_by_department ON qm_tui.users ((keys[6]), seq);
CREATE INDEX users_by_is_active ON qm_tui.users (is_active, seq);
CREATE INDEX users_by_license ON qm_tui.users ((coalesce(nullif(
    CASE WHEN unlimited_license = '1' THEN '0' ELSE '' END
    || CASE WHEN on_demand_license = '1' THEN '1' ELSE '' END
    || CASE WHEN computer_recording_license = '1' THEN '2' ELSE '' END, ''), '3')), seq);
CREATE INDEX users_by_first_name_down ON qm_tui.users ((keys[1]), (-seq));
CREATE INDEX users_by_last_name_down ON qm_tui.users ((keys[2]), (-seq));
CREATE INDEX users_by_department_down ON qm_tui.users ((keys[6]), (-seq));
CREATE INDEX users_by_is_active_down ON qm_tui.users (is_active, (-seq));
CREATE INDEX users_by_license_down ON qm_tui.users ((coalesce(nullif(
    CASE WHEN unlimited_license = '1' THEN '0' ELSE '' END
    || CASE WHEN on_demand_license = '1' THEN '1' ELSE '' END
    || CASE WHEN computer_recording_license = '1' THEN '2' ELSE '' END, ''), '3')), (-seq));

-- search and lookup
CREATE INDEX users_search ON qm_tui.users USING gin (search gin_trgm_ops);
CREATE INDEX users_extension ON qm_tui.users USING hash (extension);
CREATE INDEX users_full_name ON qm_tui.users USING hash (full_name);
CREATE INDEX users_bare_name ON qm_tui.users (bare_name) WHERE bare_name IS NOT NULL;
CREATE INDEX users_other_extensions ON qm_tui.users USING gin (other_extensions)
    WHERE other_extensions IS NOT NULL;
CREATE INDEX users_invalid ON qm_tui.users (seq) WHERE NOT is_valid;
CREATE INDEX users_look_alike ON qm_tui.users (look_alike) WHERE look_alike IS NOT NULL;

INSERT INTO qm_tui.head (number, version, total) VALUES (0, 0, 0);

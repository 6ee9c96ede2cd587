-- Roles for a store of qm-tui. Run by the owner of the store, who must be allowed to create roles,
-- or by a superuser. Then give each admin one of them: GRANT qm_tui_admin TO anna;
--
-- viewer: reads users, but no passwords and no salts, and changes nothing
-- admin:  reads and changes users
-- The owner of the database also sets up the store and migrates it.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'qm_tui_viewer') THEN
        CREATE ROLE qm_tui_viewer NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'qm_tui_admin') THEN
        CREATE ROLE qm_tui_admin NOLOGIN;
    END IF;
END $$;

GRANT USAGE ON SCHEMA qm_tui TO qm_tui_viewer, qm_tui_admin;
GRANT SELECT ON qm_tui.store, qm_tui.head, qm_tui.transactions, qm_tui.names
    TO qm_tui_viewer, qm_tui_admin;

GRANT SELECT (
    user_id, seq, version,
    first_name, last_name, extension, agent_id, department, user_name, security_profile,
    recording_profile, phone_ip, is_active, recording_service, unlimited_license,
    on_demand_license, computer_recording_license, windows_login, sip_uri, location,
    additional_extensions, lookback_enabled, privacy_enabled, private_extensions,
    dual_endpoints_enabled, secondary_phone_ip,
    extra, keys, search, folded_id, name, look_alike, full_name, bare_name, other_extensions,
    is_valid
) ON qm_tui.users TO qm_tui_viewer;
GRANT SELECT (transaction, position, user_id, previous, before, after)
    ON qm_tui.changes TO qm_tui_viewer;

GRANT SELECT, INSERT, UPDATE, DELETE ON qm_tui.users, qm_tui.names TO qm_tui_admin;
GRANT SELECT, INSERT, DELETE ON qm_tui.staged TO qm_tui_admin;
-- what was done is added, and never changed
GRANT SELECT, INSERT ON qm_tui.changes TO qm_tui_admin;
-- all but `session_role`, which the server fills in
GRANT INSERT (
    id, number, version, committed_at, login, address, kind, subject, details, digest, token,
    added, changed, deleted
) ON qm_tui.transactions TO qm_tui_admin;
GRANT UPDATE (number, version, total) ON qm_tui.head TO qm_tui_admin;
GRANT USAGE ON SEQUENCE qm_tui.transaction_ids TO qm_tui_admin;

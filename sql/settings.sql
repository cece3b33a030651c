-- Settings of ltv, in a session that loads the library along the way.
-- before, the server does not know which there are
SET ltv.enable_history = off;
SET ltv.enable_histories = off;
SHOW ltv.enable_histories;
SELECT ltv_orders('[]');
-- one that there is not is gone, one that there is has its value
SHOW ltv.enable_history;
SHOW ltv.enable_histories;
SET ltv.enable_history = off;
SELECT set_config('ltv.enable_reports', 'off', false);
ALTER ROLE CURRENT_USER SET ltv.enable_history = off;
SET ltv.enable_histories = perhaps;
SELECT name, boot_val, vartype, context FROM pg_settings WHERE name LIKE 'ltv.%' ORDER BY name COLLATE "C";
-- what a pooler does between two clients
DISCARD ALL;
SHOW ltv.enable_histories;
-- a function that was made before may still carry one: the call is the error
\c -
CREATE FUNCTION settings_misspelt() RETURNS bigint LANGUAGE sql SET ltv.enable_history = off AS 'SELECT 1::bigint';
SELECT settings_misspelt();
SELECT ltv_orders('[]');
SELECT settings_misspelt();
DROP FUNCTION settings_misspelt();
-- one that was set for a transaction alone
\c -
BEGIN;
SET LOCAL ltv.enable_history = off;
SAVEPOINT a;
SET LOCAL ltv.enable_history = on;
SELECT ltv_orders('[]');
ROLLBACK TO a;
SHOW ltv.enable_history;
ROLLBACK;
SET LOCAL ltv.enable_history = off;

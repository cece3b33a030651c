/* ltv 0.1.0 to 0.2.0: what sql/ltv.sql has that test/upgrade/ltv--0.1.0.sql had not */
\echo Use "ALTER EXTENSION ltv UPDATE TO '0.2.0'" to load this file. \quit

-- The objects are the same: what is new in 0.2.0 is in the library.

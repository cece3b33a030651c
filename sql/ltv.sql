/* ltv: the living install script, copied to ltv--VERSION.sql at build */
\echo Use "CREATE EXTENSION ltv" to load this file. \quit

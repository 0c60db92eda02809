CREATE TYPE address AS (city text, zip text, zip int);

-- The same work in SQL: COPY as text, set aside with reasons, keep the last versions, prove, then rates, claims and balance.
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE FUNCTION s10_right(t text) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT substr(t, 11, 1)::int = CASE c WHEN 10 THEN 0 WHEN 11 THEN 5 ELSE c END FROM (SELECT 11 - (
    substr(t,3,1)::int*8 + substr(t,4,1)::int*6 + substr(t,5,1)::int*4 + substr(t,6,1)::int*2 + substr(t,7,1)::int*3
    + substr(t,8,1)::int*5 + substr(t,9,1)::int*9 + substr(t,10,1)::int*7) % 11 AS c) x $$;
CREATE FUNCTION waybill_right(t text) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT t ~ '^[A-Z0-9]{8,30}$' AND (t !~ '^[A-Z]{2}\d{9}[A-Z]{2}$' OR s10_right(t)) $$;
CREATE FUNCTION time_right(t text) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT t ~ '^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]) ([01]\d|2[0-3]):[0-5]\d:[0-5]\d$' $$;
CREATE FUNCTION resident_right(t text) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT t ~ '^\d{17}[\dX]$' AND substr('10X98765432', 1 + (
    substr(t,1,1)::int*7+substr(t,2,1)::int*9+substr(t,3,1)::int*10+substr(t,4,1)::int*5+substr(t,5,1)::int*8
    +substr(t,6,1)::int*4+substr(t,7,1)::int*2+substr(t,8,1)::int+substr(t,9,1)::int*6+substr(t,10,1)::int*3
    +substr(t,11,1)::int*7+substr(t,12,1)::int*9+substr(t,13,1)::int*10+substr(t,14,1)::int*5+substr(t,15,1)::int*8
    +substr(t,16,1)::int*4+substr(t,17,1)::int*2) % 11, 1) = substr(t, 18, 1) $$;
CREATE FUNCTION name_right(t text) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT t ~ '^[\x21-\x7e]{1,64}$' $$;
CREATE FUNCTION personal(t text) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT t ~ '(?:^|\D)(?:[0-9]{6}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]|1[3-9][0-9]{9})(?:$|\D)' $$;
CREATE FUNCTION in_time(t text) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN time_right(t) THEN t BETWEEN '2000-01-01' AND to_char(timestamp 'KNOWN' + interval '1 hour', 'YYYY-MM-DD HH24:MI:SS')
    ELSE true END $$;
BEGIN;
CREATE TABLE taken (sha256 text PRIMARY KEY);
CREATE TABLE quarantine (kind text, n bigint, reason text);
CREATE TABLE ra (n bigserial, waybill text, operator_id text, outlet_id text, id_kind text, id_number text,
  opened text, opened_at text, machine_id text, xray_at text, e_waybill text, packaging text, repacked text, tape_mm text,
  bag text, label_private text, product_id text, accepted_at text, origin text);
CREATE TABLE rs (n bigserial, waybill text, operator_id text, facility_id text, event text, other_id text,
  event_at text, origin text);
CREATE TABLE rd (n bigserial, waybill text, operator_id text, outlet_id text, manner text, consent text,
  delivered_at text, origin text);
CREATE TABLE outlets (outlet_id text, operator_id text, city_id text, lon float8, lat float8, opens_min int,
  closes_min int, opened_on date, closed_on date, origin text);
CREATE TABLE machines (machine_id text, operator_id text, facility_id text, capacity_per_h int, origin text);
-- COPY --
COMMIT;
BEGIN;
INSERT INTO quarantine SELECT 'a', n, r FROM ra, LATERAL unnest(ARRAY[
  CASE WHEN waybill_right(waybill) IS NOT TRUE THEN 'waybill' END, CASE WHEN time_right(accepted_at) IS NOT TRUE THEN 'accepted_at' END,
  CASE WHEN NOT in_time(accepted_at) THEN 'accepted_at not in time' END,
  CASE WHEN NOT time_right(opened_at) THEN 'opened_at' END, CASE WHEN NOT time_right(xray_at) THEN 'xray_at' END,
  CASE WHEN name_right(operator_id) IS NOT TRUE THEN 'operator_id' END, CASE WHEN name_right(outlet_id) IS NOT TRUE THEN 'outlet_id' END,
  CASE WHEN NOT name_right(machine_id) THEN 'machine_id' END, CASE WHEN name_right(product_id) IS NOT TRUE THEN 'product_id' END,
  CASE WHEN personal(operator_id) OR personal(outlet_id) OR personal(machine_id) OR personal(product_id) THEN 'personal' END,
  CASE WHEN (id_kind IN ('resident_id', 'passport', 'credit_code', 'agreement', 'none')) IS NOT TRUE THEN 'id_kind' END,
  CASE WHEN (opened IN ('true', 'false')) IS NOT TRUE THEN 'opened' END, CASE WHEN (e_waybill IN ('true', 'false')) IS NOT TRUE THEN 'e_waybill' END,
  CASE WHEN NOT repacked IN ('true', 'false') THEN 'repacked' END, CASE WHEN NOT label_private IN ('true', 'false') THEN 'label_private' END,
  CASE WHEN (packaging IN ('original', 'carton', 'reused_carton', 'reusable_box', 'degradable_bag', 'plastic_bag', 'paper', 'other')) IS NOT TRUE
    THEN 'packaging' END, CASE WHEN NOT bag IN ('reusable', 'single_use_woven', 'none') THEN 'bag' END,
  CASE WHEN NOT CASE WHEN tape_mm ~ '^\d{1,9}$' THEN tape_mm::int BETWEEN 0 AND 200 ELSE tape_mm IS NULL END THEN 'tape_mm' END]) r WHERE r IS NOT NULL;
INSERT INTO quarantine SELECT 's', n, r FROM rs, LATERAL unnest(ARRAY[
  CASE WHEN waybill_right(waybill) IS NOT TRUE THEN 'waybill' END, CASE WHEN time_right(event_at) IS NOT TRUE THEN 'event_at' END,
  CASE WHEN NOT in_time(event_at) THEN 'event_at not in time' END,
  CASE WHEN name_right(operator_id) IS NOT TRUE THEN 'operator_id' END, CASE WHEN name_right(facility_id) IS NOT TRUE THEN 'facility_id' END,
  CASE WHEN NOT name_right(other_id) THEN 'other_id' END,
  CASE WHEN personal(operator_id) OR personal(facility_id) OR personal(other_id) THEN 'personal' END,
  CASE WHEN (event IN ('EMA','EMB','EXA','EXB','EXC','EXD','EXX','EMC','EMJ','EMK','EMD','EDA','EDB','EME','EDC','EMF','EDD','EDE','EMG','EDF',
   'EDG','EDH','EMH','EMI','EDX')) IS NOT TRUE THEN 'event' END]) r WHERE r IS NOT NULL;
INSERT INTO quarantine SELECT 'd', n, r FROM rd, LATERAL unnest(ARRAY[
  CASE WHEN waybill_right(waybill) IS NOT TRUE THEN 'waybill' END, CASE WHEN time_right(delivered_at) IS NOT TRUE THEN 'delivered_at' END,
  CASE WHEN NOT in_time(delivered_at) THEN 'delivered_at not in time' END,
  CASE WHEN name_right(operator_id) IS NOT TRUE THEN 'operator_id' END, CASE WHEN name_right(outlet_id) IS NOT TRUE THEN 'outlet_id' END,
  CASE WHEN personal(operator_id) OR personal(outlet_id) THEN 'personal' END,
  CASE WHEN (manner IN ('hand', 'locker', 'station', 'returned')) IS NOT TRUE THEN 'manner' END,
  CASE WHEN NOT consent IN ('true', 'false') THEN 'consent' END]) r WHERE r IS NOT NULL;
SELECT 'quarantined', count(DISTINCT (kind, n)) FROM quarantine;
CREATE TABLE a AS SELECT DISTINCT ON (operator_id, waybill) waybill, operator_id, outlet_id, id_kind,
  CASE WHEN id_number IS NOT NULL THEN substr(hmac(id_number::bytea, repeat('k', 32)::bytea, 'sha256'), 1, 16) END AS sender,
  id_kind <> 'resident_id' OR coalesce(resident_right(id_number), false) AS id_ok, opened::boolean, opened_at::timestamp,
  machine_id, xray_at::timestamp, e_waybill::boolean, packaging, repacked::boolean, tape_mm::int, bag,
  label_private::boolean, product_id, accepted_at::timestamp, origin
FROM ra WHERE n NOT IN (SELECT n FROM quarantine WHERE kind = 'a') ORDER BY operator_id, waybill, n DESC;
CREATE TABLE s AS SELECT DISTINCT ON (operator_id, waybill, event, facility_id, event_at) waybill, operator_id,
  facility_id, event, event_at::timestamp, other_id, origin
FROM rs WHERE n NOT IN (SELECT n FROM quarantine WHERE kind = 's') ORDER BY operator_id, waybill, event, facility_id, event_at, n DESC;
CREATE TABLE d AS SELECT DISTINCT ON (operator_id, waybill, delivered_at) waybill, operator_id, outlet_id, manner,
  consent::boolean, delivered_at::timestamp, origin
FROM rd WHERE n NOT IN (SELECT n FROM quarantine WHERE kind = 'd') ORDER BY operator_id, waybill, delivered_at, n DESC;
-- The tree that proves acceptances: a hash of each record, then of each pair, up to the root.
CREATE TABLE leaf AS SELECT row_number() OVER (ORDER BY operator_id, waybill) - 1 AS i, sha256('\x00'::bytea || convert_to(concat_ws(chr(31),
  waybill, operator_id, outlet_id, id_kind, encode(sender, 'hex'), id_ok, opened, opened_at, machine_id, xray_at, e_waybill, packaging,
  repacked, tape_mm, bag, label_private, product_id, accepted_at, origin), 'UTF8')) AS h FROM a;
CREATE TABLE root (h bytea);
DO $$ BEGIN
  CREATE TEMP TABLE level ON COMMIT DROP AS SELECT i, h FROM leaf;
  WHILE (SELECT count(*) FROM level) > 1 LOOP
    CREATE TEMP TABLE above ON COMMIT DROP AS SELECT i / 2 AS i, CASE WHEN count(*) = 1 THEN (array_agg(h))[1]
      ELSE sha256('\x01'::bytea || string_agg(h, ''::bytea ORDER BY i)) END AS h FROM level GROUP BY i / 2;
    DROP TABLE level;
    ALTER TABLE above RENAME TO level;
  END LOOP;
  INSERT INTO root SELECT h FROM level;
END $$;
COMMIT;
ANALYZE a; ANALYZE s; ANALYZE d;
SELECT 'valid', (SELECT count(*) FROM a) + (SELECT count(*) FROM s) + (SELECT count(*) FROM d)
  + (SELECT count(*) FROM outlets) + (SELECT count(*) FROM machines);
CREATE TEMP VIEW c AS SELECT *, product_id <> 'GOV_DOC' AND NOT (id_kind = 'agreement' OR (id_kind <> 'none' AND sender IS NOT NULL
  AND id_ok)) AS lacks_name, product_id <> 'GOV_DOC' AND NOT opened AS lacks_box, machine_id IS NULL OR xray_at IS NULL AS lacks_ray,
  extract(hour FROM accepted_at) AS hour FROM a;
CREATE TEMP TABLE rates AS SELECT operator_id, outlet_id, machine_id, hour, count(*), count(*) FILTER (WHERE lacks_name) AS q,
  count(*) FILTER (WHERE lacks_box) AS r, count(*) FILTER (WHERE lacks_ray) AS t, count(*) FILTER (WHERE e_waybill) AS u,
  count(*) FILTER (WHERE repacked) AS v, count(*) FILTER (WHERE label_private) AS w FROM c
  GROUP BY GROUPING SETS ((), (operator_id), (outlet_id), (machine_id), (hour));
CREATE TEMP TABLE consents AS SELECT operator_id, outlet_id, count(*), count(*) FILTER (WHERE consent) AS yes FROM d
  WHERE manner IN ('locker', 'station') GROUP BY GROUPING SETS ((), (operator_id), (outlet_id));
SELECT 'gaps', count(*) FROM c WHERE lacks_name OR lacks_box OR lacks_ray;
SELECT 'too_fast', count(*) FROM (SELECT machine_id, date_trunc('hour', xray_at) AS h, count(*) AS n FROM a
  WHERE machine_id IS NOT NULL AND xray_at IS NOT NULL GROUP BY 1, 2) x LEFT JOIN machines m USING (machine_id)
  WHERE n > coalesce(capacity_per_h, 8750);
SELECT 'two_cities', count(*) FROM (SELECT *, lag(city_id) OVER w AS pc, lag(accepted_at) OVER w AS pt, lag(lon) OVER w AS x,
  lag(lat) OVER w AS y FROM a JOIN (SELECT outlet_id, city_id, lon, lat FROM outlets) o USING (outlet_id)
  WHERE sender IS NOT NULL AND id_kind IN ('resident_id', 'passport')
  WINDOW w AS (PARTITION BY sender ORDER BY accepted_at, waybill)) z WHERE pc <> city_id AND 2 * 6371.0088 * asin(sqrt(least(1,
  pow(sin(radians(lat - y) / 2), 2) + cos(radians(y)) * cos(radians(lat)) * pow(sin(radians(lon - x) / 2), 2))))
  > 350.0 * extract(epoch FROM accepted_at - pt) / 3600;
SELECT 'after_departure', count(*) FROM (SELECT DISTINCT q.waybill, q.k, q.facility_id, q.at FROM s JOIN (
  SELECT waybill, 1 AS k, m.facility_id, xray_at AS at FROM a JOIN machines m USING (machine_id) WHERE xray_at IS NOT NULL
  UNION ALL SELECT waybill, 2, outlet_id, opened_at FROM a WHERE opened_at IS NOT NULL) q USING (waybill, facility_id)
  WHERE s.event IN ('EMC', 'EMF', 'EMK') AND q.at > s.event_at) y;
SELECT 'closed_outlet', count(*) FROM a LEFT JOIN outlets o USING (outlet_id) WHERE o.outlet_id IS NULL OR accepted_at::date >= closed_on
  OR accepted_at::date < opened_on OR extract(hour FROM accepted_at) * 60 + extract(minute FROM accepted_at) < opens_min
  OR extract(hour FROM accepted_at) * 60 + extract(minute FROM accepted_at) >= closes_min;
SELECT 'unknown_machine', count(*) FROM a WHERE machine_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM machines m
  WHERE m.machine_id = a.machine_id);
CREATE TABLE came AS SELECT waybill, operator_id, other_id, facility_id, event_at FROM s c WHERE other_id IS NOT NULL
  AND event IN ('EMJ', 'EMG') AND NOT EXISTS (SELECT 1 FROM s d WHERE d.event IN ('EMC', 'EMF', 'EMK')
  AND d.waybill = c.waybill AND d.facility_id = c.other_id);
ANALYZE came;
SELECT 'no_departure', count(*) FROM (SELECT DISTINCT c.* FROM came c JOIN (SELECT waybill, facility_id, event_at AS at FROM s
  UNION ALL SELECT waybill, outlet_id, accepted_at FROM a) e ON e.waybill = c.waybill AND e.facility_id = c.other_id
  AND e.at < c.event_at) z;
CREATE TABLE p AS SELECT waybill, bit_or(bit) AS bits, max(at) AS at FROM (SELECT waybill, 1 AS bit, accepted_at AS at
  FROM a UNION ALL SELECT waybill, CASE event WHEN 'EMD' THEN 2 WHEN 'EMC' THEN 16 ELSE 32 END, event_at FROM s UNION ALL
  SELECT waybill, CASE manner WHEN 'returned' THEN 8 ELSE 4 END, delivered_at FROM d) e GROUP BY waybill;
SELECT 'pieces', count(*) FROM p;
CREATE TEMP TABLE lost AS SELECT waybill, at FROM p WHERE bits & 28 = 0 AND at < timestamp 'UNTIL' - interval '48 hours';
SELECT 'unexplained', count(*) FROM lost;
CREATE TEMP TABLE missing AS SELECT facility_id, other_id, count(*) FROM s JOIN lost ON s.waybill = lost.waybill AND s.event_at = lost.at
  GROUP BY 1, 2;
CREATE TEMP TABLE loaded AS SELECT facility_id, other_id, count(*) FROM s WHERE event IN ('EMC', 'EMF', 'EMK') GROUP BY 1, 2;
CREATE TEMP TABLE arrived AS SELECT facility_id, other_id, count(*) FROM s WHERE event IN ('EMD', 'EMJ', 'EMG') GROUP BY 1, 2;

# What real orders carry: every row of ltv_labels, ltv_item_flow, ltv_funnel and ltv_baskets, with by and cohort, against plain
# SQL over the same rows.  The orders lie in ../shared/data, next to the checkout, and are no part of it.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use Test::More;
use lib $FindBin::RealBin;
use Helpers qw(answer ask_server same_rows);
use RealOrders;

shared_folder();

my $node = PostgreSQL::Test::Cluster->new('labels');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nautovacuum = off\nwork_mem = '256MB'\nmax_parallel_workers_per_gather = 0");
$node->start;
ask_server($node);
load_real_orders($node, 'integer');
$node->safe_psql('postgres', <<'END');
CREATE EXTENSION ltv;
-- the data have no costs: three in ten of an amount, unknown on one day; bands of the price of a piece are what an order carries besides, and so is the country;
-- postage and the like is no item
CREATE VIEW retail AS
SELECT customer_id, invoice_no AS order_id, invoice_date::date AS ordered_on, round(quantity * unit_price, 3) AS amount, quantity,
	CASE WHEN invoice_date::date <> '2011-05-10' THEN round(quantity * unit_price * 0.3, 3) END AS cost,
	CASE WHEN stock_code ~ '^[0-9]' THEN stock_code END AS item, substr(stock_code, 1, 3) AS family,
	CASE WHEN unit_price < 1 THEN 'small' WHEN unit_price < 4 THEN '' WHEN unit_price < 10 THEN '贈答' WHEN unit_price > 0 THEN NULL END AS band, country
FROM line;
-- an order is a row, and carries the number of its pieces, its weekday and, if it was dear, a mark
CREATE VIEW discs AS
SELECT customer_id, ordered_on, amount, quantity, NULL::numeric AS cost, extract(isodow FROM ordered_on)::int AS weekday, CASE WHEN amount > 50 THEN 'dear' END AS mark FROM cdnow;
CREATE FUNCTION near(float8) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN round($1::numeric, 9);
-- for joins of what may be missing
CREATE FUNCTION k(text) RETURNS text LANGUAGE sql IMMUTABLE RETURN coalesce($1, '(none)');
CREATE FUNCTION near(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN round($1, 6);
-- Up to a day: lines (p tells purchases apart), purchases of customers with an order (n numbers orders), and the customers with their segment and cohort.
CREATE TABLE l (p text, customer_id int, amount numeric, quantity int, cost numeric, label text, segment text, tie text);
CREATE TABLE o (p text, customer_id int, ordered_on date, amount numeric, quantity int, cost numeric, n bigint, segment text, label text, piece_amount numeric, pieces int);
CREATE TABLE c (customer_id int, segment text, cohort date);
CREATE INDEX ON l (p);
CREATE INDEX ON o (customer_id);
END

# look_at(relation, day, label, by or undef, unit of cohorts or undef): fills the tables; the rules are those of the reference
sub look_at
{
  my ($relation, $day, $label, $by, $cohort) = @_;
  my $p = $relation eq 'retail' ? "customer_id || '/' || order_id" : 'row_number() OVER ()::text';
  my $segment = defined $by ? "$by\::text" : 'NULL::text';
  # orders that are alike go by the item where segments are told, else by the label
  my $tie = defined $by && $relation eq 'retail' ? 'item' : "$label\::text";
  my $start = defined $cohort ? "date_trunc('$cohort', f.ordered_on)::date" : 'NULL';

  $node->safe_psql('postgres', <<"END");
TRUNCATE l, o, c;
CREATE TEMP TABLE seen AS SELECT $p AS p, customer_id, ordered_on, amount, quantity, cost, $label\::text AS label, $segment AS segment, $tie AS tie
FROM $relation WHERE customer_id IS NOT NULL AND ordered_on <= '$day';
CREATE TEMP TABLE purchase AS
SELECT p, customer_id, min(ordered_on) AS ordered_on, sum(amount) AS amount, sum(quantity) AS quantity, CASE WHEN count(*) = count(cost) THEN sum(cost) END AS cost,
	(array_agg(label ORDER BY amount DESC, label COLLATE "C"))[1] AS label, (array_agg(segment ORDER BY amount DESC, segment COLLATE "C"))[1] AS segment, (array_agg(tie ORDER BY amount DESC, tie COLLATE "C"))[1] AS tie
FROM seen GROUP BY 1, 2;
CREATE TEMP TABLE buyer AS SELECT DISTINCT customer_id FROM purchase WHERE amount >= 0;
CREATE TEMP TABLE numbered AS SELECT p, row_number() OVER (PARTITION BY customer_id ORDER BY ordered_on, amount, quantity, cost, tie COLLATE "C", label COLLATE "C", segment COLLATE "C") AS n FROM purchase WHERE amount >= 0;
CREATE TEMP TABLE dearest AS SELECT DISTINCT ON (p) p, amount, quantity FROM seen ORDER BY p, amount DESC, label COLLATE "C", quantity;
INSERT INTO c SELECT customer_id, segment, $start FROM purchase f JOIN numbered USING (p) WHERE n = 1;
INSERT INTO o SELECT p, x.customer_id, ordered_on, x.amount, x.quantity, cost, n, c.segment, label, d.amount, d.quantity FROM purchase x JOIN c USING (customer_id) JOIN dearest d USING (p) LEFT JOIN numbered USING (p);
INSERT INTO l SELECT p, s.customer_id, s.amount, s.quantity, s.cost, s.label, c.segment FROM seen s JOIN c USING (customer_id);
ANALYZE l, o, c;
END
  return;
}

# labels(within, from): what ltv_labels says, with its segment; by the tables
sub labels
{
  my ($day, $within, $from) = @_;
  return <<"END";
WITH carried AS (
	SELECT DISTINCT o.*, o.n = 1 AS is_first, l.label AS carries FROM o JOIN l USING (p)
	WHERE o.n IS NOT NULL AND ordered_on >= '$from' AND (l.label IS NOT NULL OR NOT EXISTS (SELECT FROM l x WHERE x.p = o.p AND x.label IS NOT NULL))),
counted AS (SELECT segment, carries, is_first, count(*) AS orders, count(DISTINCT customer_id) AS customers, sum(amount) AS order_revenue FROM carried GROUP BY 1, 2, 3),
earliest AS (
	SELECT DISTINCT ON (carries, is_first, k.customer_id) k.segment, carries, is_first, k.ordered_on, x.ordered_on - k.ordered_on <= $within AS again
	FROM carried k LEFT JOIN o x ON x.customer_id = k.customer_id AND x.n = k.n + 1 ORDER BY carries, is_first, k.customer_id, k.n),
watched AS (SELECT segment, carries, is_first, count(*) AS observed, count(*) FILTER (WHERE again) AS reordered FROM earliest WHERE ordered_on <= date '$day' - $within GROUP BY 1, 2, 3),
money AS (
	SELECT o.segment, l.label AS carries, coalesce(o.n = 1, false) AS is_first, sum(l.amount) AS revenue, CASE WHEN count(*) = count(l.cost) THEN sum(l.amount - l.cost) END AS profit,
		coalesce(sum(l.amount) FILTER (WHERE o.n IS NULL), 0) AS refunded
	FROM l JOIN o USING (p) WHERE o.ordered_on >= '$from' GROUP BY 1, 2, 3),
whole AS (SELECT segment, n = 1 AS is_first, count(*) AS orders FROM o WHERE n IS NOT NULL AND ordered_on >= '$from' GROUP BY 1, 2)
SELECT m.segment, m.carries, m.is_first, coalesce(n.orders, 0), near(coalesce(n.orders, 0)::float8 / w.orders), coalesce(n.customers, 0), m.revenue, coalesce(order_revenue, 0) + 0.000, near(order_revenue / n.orders),
	profit, refunded + 0.000, coalesce(observed, 0), coalesce(reordered, 0), near(reordered::float8 / observed)
FROM money m LEFT JOIN counted n ON k(n.segment) = k(m.segment) AND k(n.carries) = k(m.carries) AND n.is_first = m.is_first
LEFT JOIN watched b ON k(b.segment) = k(m.segment) AND k(b.carries) = k(m.carries) AND b.is_first = m.is_first
LEFT JOIN whole w ON k(w.segment) = k(m.segment) AND w.is_first = m.is_first
ORDER BY m.segment COLLATE "C", m.is_first DESC, coalesce(n.orders, 0) DESC, m.carries COLLATE "C"
END
}

sub item_flow
{
  my ($from) = @_;
  return <<"END";
WITH f AS (
	SELECT a.segment, a.n AS step, a.label AS this, b.label AS next, count(*) AS customers, near(sum(a.amount) / count(*)) AS from_amount, near(sum(b.amount) / count(*)) AS to_amount,
		count(*) FILTER (WHERE a.pieces > 0 AND b.pieces > 0 AND b.piece_amount * a.pieces > a.piece_amount * b.pieces) AS dearer
	FROM o a JOIN o b ON b.customer_id = a.customer_id AND b.n = a.n + 1 WHERE a.ordered_on >= '$from' GROUP BY 1, 2, 3, 4)
SELECT segment, step, this, next, customers, near(customers::float8 / sum(customers) OVER (PARTITION BY segment, step, this)), from_amount, to_amount, dearer
FROM f ORDER BY segment COLLATE "C", step, customers DESC, this COLLATE "C", next COLLATE "C"
END
}

sub baskets
{
  my ($within, $at_least, $from) = @_;
  my $basket = $within == 0 ? 'p' : 'customer_id';
  return <<"END";
WITH bought AS MATERIALIZED (SELECT DISTINCT o.segment, $basket AS basket, l.label, o.ordered_on FROM o JOIN l USING (p, customer_id) WHERE o.n IS NOT NULL AND l.label IS NOT NULL AND o.ordered_on >= '$from'),
value AS (SELECT segment, label, count(DISTINCT basket) AS baskets FROM bought GROUP BY 1, 2),
pair AS (
	SELECT segment, one, other, count(*) AS together
	FROM (SELECT DISTINCT a.segment, basket, a.label AS one, b.label AS other FROM bought a JOIN bought b USING (basket) WHERE a.label <> b.label AND abs(a.ordered_on - b.ordered_on) <= $within) t GROUP BY 1, 2, 3),
all_of AS (SELECT segment, count(DISTINCT basket) AS n FROM bought GROUP BY 1)
SELECT p.segment, one, other, together, f.baskets, t.baskets, n, near(together / n::float8), near(together / f.baskets::float8), near(together * n::float8 / (f.baskets::float8 * t.baskets))
FROM pair p JOIN value f ON f.label = one AND k(f.segment) = k(p.segment) JOIN value t ON t.label = other AND k(t.segment) = k(p.segment) JOIN all_of a ON k(a.segment) = k(p.segment)
WHERE together >= $at_least ORDER BY p.segment COLLATE "C", together DESC, one COLLATE "C", other COLLATE "C"
END
}

# Cohorts are of the first order of all, not of the entry; each that there is has a row for each step.
sub funnel
{
  my ($day, $steps, $within, $from) = @_;
  return <<"END";
WITH RECURSIVE steps AS (SELECT * FROM unnest('$steps'::text[]) WITH ORDINALITY s(label, step)),
entry AS (
	SELECT DISTINCT ON (customer_id) o.* FROM o JOIN l USING (p, customer_id) WHERE n IS NOT NULL AND ordered_on >= '$from' AND l.label = (SELECT label FROM steps WHERE step = 1) ORDER BY customer_id, n),
reached AS (
	SELECT 1 AS step, customer_id, p, n, ordered_on, amount, ordered_on AS entered, NULL::int AS gap FROM entry WHERE ordered_on <= date '$day' - $within
	UNION ALL
	SELECT * FROM (
		SELECT DISTINCT ON (r.customer_id) r.step + 1, x.customer_id, x.p, x.n, x.ordered_on, x.amount, r.entered, x.ordered_on - r.ordered_on
		FROM reached r JOIN o x ON x.customer_id = r.customer_id AND x.n > r.n AND x.ordered_on <= r.entered + $within JOIN l ON l.p = x.p JOIN steps s ON s.step = r.step + 1 AND s.label = l.label
		ORDER BY r.customer_id, x.n) next),
spent AS (SELECT r.step, r.customer_id, (SELECT sum(x.amount) FROM o x WHERE x.customer_id = r.customer_id AND x.ordered_on BETWEEN r.entered AND r.entered + $within) AS amount FROM reached r),
both_at_once AS (
	SELECT r.step + 1 AS step, r.customer_id FROM reached r JOIN steps s ON s.step = r.step + 1
	WHERE EXISTS (SELECT FROM l WHERE l.p = r.p AND l.label = s.label) AND NOT EXISTS (SELECT FROM reached t WHERE t.step = s.step AND t.customer_id = r.customer_id)),
together AS (SELECT k(segment) AS segment, k(cohort::text) AS cohort, step, count(*) FROM both_at_once JOIN c USING (customer_id) GROUP BY 1, 2, 3),
cell AS (
	SELECT g.segment, g.cohort, s.step, s.label, count(r.p) AS customers, coalesce(min(m.count), 0) AS same_order,
		percentile_cont(0.5) WITHIN GROUP (ORDER BY r.gap) AS days, coalesce(sum(r.amount), 0.00) AS step_revenue, sum(t.amount) / nullif(count(r.p), 0) AS each
	FROM (SELECT DISTINCT segment, cohort FROM c) g CROSS JOIN steps s
	LEFT JOIN (reached r JOIN c USING (customer_id) JOIN spent t USING (customer_id, step)) ON r.step = s.step AND k(c.segment) = k(g.segment) AND k(c.cohort::text) = k(g.cohort::text)
	LEFT JOIN together m ON m.segment = k(g.segment) AND m.cohort = k(g.cohort::text) AND m.step = s.step
	GROUP BY g.segment, g.cohort, s.step, s.label)
SELECT segment, cohort, step, label, customers, same_order, near(customers::float8 / nullif(first_value(customers) OVER w, 0)), near(customers::float8 / nullif(lag(customers) OVER w, 0)), near(days), step_revenue + 0.000, near(each)
FROM cell WINDOW w AS (PARTITION BY segment, cohort ORDER BY step) ORDER BY segment COLLATE "C", cohort, step
END
}

# One label of one shop as of a day, without by and with it
for my $case (
  [ 'retail', '2011-12-09', 'item', undef ], [ 'retail', '2011-12-09', 'item', 'country' ], [ 'retail', '2011-08-31', 'band', undef ], [ 'retail', '2011-12-09', 'band', 'band' ], [ 'retail', '2011-09-30', 'country', 'family' ],
  [ 'discs', '1998-06-30', 'quantity', undef ], [ 'discs', '1998-06-30', 'quantity', 'weekday' ], [ 'discs', '1997-12-31', 'weekday', 'mark' ], [ 'discs', '1998-06-30', 'mark', 'quantity' ])
{
  my ($relation, $day, $label, $by) = @$case;
  my $by_argument = defined $by ? ", by => '$by'" : '';
  my $name = "$relation, $label, as of $day" . (defined $by ? ", by $by" : '');

  look_at($relation, $day, $label, $by);
  for my $asked ([ 90, '-infinity' ], [ 30, $relation eq 'retail' ? '2011-03-01' : '1997-02-15' ], [ 0, '-infinity' ])
  {
    my ($within, $from) = @$asked;
    same_rows("ltv_labels: $name, $within days from $from", <<"REPORT", labels($day, $within, $from));
SELECT segment, label, is_first_order, orders, near(order_share), customers, revenue, order_revenue + 0.000, near(average_order_value), gross_profit, refunded + 0.000, observed_customers, reordered_customers, near(reorder_rate)
FROM ltv_labels('$relation', '$day', '$label', $within, '$from'$by_argument)
REPORT
  }
  for my $from ('-infinity', $relation eq 'retail' ? '2011-03-01' : '1997-02-15')
  {
    same_rows("ltv_item_flow: $name from $from", <<"REPORT", item_flow($from));
SELECT segment, from_step, from_item, to_item, customers, near(share), near(average_from_amount), near(average_to_amount), dearer_customers
FROM ltv_item_flow('$relation', '$day', '$label', '$from'$by_argument)
REPORT
  }
}

# Baskets; over all items within an order, so that there are very large ones, and over families and small things within days
for my $case (
  [ 'retail', '2010-12-12', 'item', undef, 0, 5 ], [ 'retail', '2010-12-10', 'item', 'country', 0, 2 ], [ 'retail', '2010-12-12', 'family', undef, 9, 8 ], [ 'retail', '2011-12-09', 'band', 'country', 30, 1 ],
  [ 'retail', '2011-08-31', 'band', undef, 0, 1 ], [ 'discs', '1998-06-30', 'quantity', undef, 90, 2 ], [ 'discs', '1998-06-30', 'weekday', 'quantity', 400, 1 ])
{
  my ($relation, $day, $label, $by, $within, $at_least) = @$case;
  my $by_argument = defined $by ? ", by => '$by'" : '';

  look_at($relation, $day, $label, $by);
  for my $from ('-infinity', $relation eq 'retail' ? '2010-12-06' : '1997-02-15')
  {
    same_rows("ltv_baskets: $relation, $label, as of $day, $within days from $from$by_argument", <<"REPORT", baskets($within, $at_least, $from));
SELECT segment, from_label, to_label, together, baskets_from, baskets_to, baskets, near(support), near(confidence), near(lift)
FROM ltv_baskets('$relation', '$day', '$label', $within, $at_least, '$from'$by_argument)
REPORT
  }
}

# Funnels; a step that there is not, and several steps in one order
for my $case (
  [ 'retail', '2011-12-09', 'item', '{85123A,22423,47566}', 180, undef, undef ], [ 'retail', '2011-12-09', 'family', '{851,224,nothing,POS}', 120, 'country', undef ], [ 'retail', '2011-12-09', 'family', '{851,224,POS}', 90, undef, 'month' ],
  [ 'retail', '2011-12-09', 'band', '{small,贈答,""}', 365, 'band', 'quarter' ], [ 'retail', '2011-10-31', 'band', '{"",small}', 0, undef, 'week' ], [ 'discs', '1998-06-30', 'quantity', '{1,2,3,4}', 365, undef, 'month' ],
  [ 'discs', '1998-06-30', 'weekday', '{6,7}', 90, 'mark', 'day' ], [ 'discs', '1998-06-30', 'mark', '{dear}', 30, 'weekday', undef ])
{
  my ($relation, $day, $label, $steps, $within, $by, $cohort) = @$case;
  my $further = (defined $cohort ? ", cohort => '$cohort'" : '') . (defined $by ? ", by => '$by'" : '');

  look_at($relation, $day, $label, $by, $cohort);
  for my $from ('-infinity', $relation eq 'retail' ? '2011-03-01' : '1997-02-15')
  {
    same_rows("ltv_funnel: $relation, $label, as of $day, $steps, $within days from $from$further", <<"REPORT", funnel($day, $steps, $within, $from));
SELECT segment, cohort, step, label, customers, same_order_customers, near(rate_from_first), near(rate_from_previous), near(median_days_from_previous), step_revenue + 0.000, near(revenue_per_customer)
FROM ltv_funnel('$relation', '$steps', '$day', '$label', $within, '$from'$further)
REPORT
  }
}

$node->stop;
done_testing();

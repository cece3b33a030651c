-- items as numbers and gathered by order, and each pair once
WITH bought AS (
    SELECT order_id, array_agg(DISTINCT substr(item, 6)::integer) AS items FROM shop_lines WHERE amount >= 0 AND ordered_on <= :'as_of' GROUP BY order_id
),
value AS (
    SELECT item, count(*) AS baskets FROM bought, unnest(items) AS item GROUP BY item
),
pair AS (
    SELECT one, other, count(*) AS together
    FROM bought, unnest(items) AS one, unnest(items) AS other
    WHERE cardinality(items) > 1 AND one < other
    GROUP BY one, other HAVING count(*) >= 5
)
SELECT 'item ' || v.one, 'item ' || v.other, together, v.baskets_one, v.baskets_other, n, together::double precision / n, together::double precision / v.baskets_one,
       together::double precision * n / (v.baskets_one::double precision * v.baskets_other)
FROM pair
JOIN value AS f ON f.item = one
JOIN value AS t ON t.item = other
CROSS JOIN LATERAL (VALUES (pair.one, pair.other, f.baskets, t.baskets), (pair.other, pair.one, t.baskets, f.baskets)) AS v(one, other, baskets_one, baskets_other)
CROSS JOIN (SELECT count(*) AS n FROM bought) AS b
ORDER BY together DESC, 1, 2

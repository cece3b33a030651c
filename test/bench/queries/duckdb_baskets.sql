-- items as numbers, and each pair once
WITH bought AS (
    SELECT DISTINCT order_id, substr(item, 6)::integer AS item FROM shop_lines WHERE amount >= 0 AND ordered_on <= :'as_of'
),
value AS (
    SELECT item, count(*) AS baskets FROM bought GROUP BY item
),
pair AS (
    SELECT a.item AS one, b.item AS other, count(*) AS together
    FROM bought AS a JOIN bought AS b USING (order_id)
    WHERE a.item < b.item
    GROUP BY a.item, b.item HAVING count(*) >= 5
)
SELECT 'item ' || v.one, 'item ' || v.other, together, v.baskets_one, v.baskets_other, n, together::double precision / n, together::double precision / v.baskets_one,
       together::double precision * n / (v.baskets_one::double precision * v.baskets_other)
FROM pair
JOIN value AS f ON f.item = one
JOIN value AS t ON t.item = other
CROSS JOIN LATERAL (VALUES (pair.one, pair.other, f.baskets, t.baskets), (pair.other, pair.one, t.baskets, f.baskets)) AS v(one, other, baskets_one, baskets_other)
CROSS JOIN (SELECT count(DISTINCT order_id) AS n FROM bought) AS b
ORDER BY together DESC, 1, 2

WITH bought AS (
    SELECT DISTINCT order_id, item FROM shop_lines WHERE amount >= 0 AND ordered_on <= :'as_of' AND item IS NOT NULL
),
value AS (
    SELECT item, count(*) AS baskets FROM bought GROUP BY item
),
pair AS (
    SELECT a.item AS one, b.item AS other, count(*) AS together
    FROM bought AS a JOIN bought AS b USING (order_id)
    WHERE a.item <> b.item
    GROUP BY a.item, b.item HAVING count(*) >= 5
)
SELECT one, other, together, f.baskets, t.baskets, n, together::double precision / n, together::double precision / f.baskets,
       together::double precision * n / (f.baskets::double precision * t.baskets)
FROM pair
JOIN value AS f ON f.item = one
JOIN value AS t ON t.item = other
CROSS JOIN (SELECT count(DISTINCT order_id) AS n FROM bought) AS b
ORDER BY together DESC, one, other

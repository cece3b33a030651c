-- ダッシュボード用のビュー (日本語の列名)。タイルごとに1つ、グラフにそのまま使える数字で、率は％です。dashboards.md を参照。
-- 専用のスキーマで、CREATE EXTENSION ltv の後、ビュー shop_orders がある状態で実行します。
--   CREATE SCHEMA ダッシュボード; SET search_path = ダッシュボード, public; \i dashboards.ja.sql

-- すべてのタイルの基準日: お店の時間帯での昨日 (締まった最後の日)。変えるときはここを直します。
CREATE VIEW 基準日 AS SELECT (now() AT TIME ZONE 'Asia/Tokyo')::date - 1 AS 基準日;

-- 主要指標: 1行
CREATE MATERIALIZED VIEW 主要指標 AS
SELECT 基準日, customers::integer AS 顧客数, repeaters::integer AS リピーター数, ltv_percent(repeat_rate) AS "リピート率(％)", orders::integer AS 購入回数,
  round(revenue) AS 累計売上, round(revenue_per_customer) AS "LTV(1人あたり累計売上)", round(average_order_value) AS 平均客単価,
  round(annual_orders_per_customer::numeric, 2) AS 年間購入回数, round(annual_revenue_per_customer) AS 年間LTV,
  churned_customers::integer AS 離脱顧客数
FROM 基準日, ltv_overview('shop_orders', 基準日);

-- 月ごとの新規とリピート。まだ終わっていない月は「確定」が偽
CREATE MATERIALIZED VIEW 月次 AS
SELECT period_start AS 月, (period_start + interval '1 month')::date <= 基準日 + 1 AS 確定, new_customers::integer AS 新規顧客数, returning_customers::integer AS リピート顧客数,
  round(new_revenue) AS 新規売上, round(returning_revenue) AS リピート売上, orders::integer AS 購入回数
FROM 基準日, ltv_periods('shop_orders', 基準日, 'month');

-- 4月始まりの年度ごと
CREATE VIEW 年度 AS
SELECT extract(year FROM 月 - interval '3 months')::integer AS 年度, bool_and(確定) AND count(*) = 12 AS 確定,
  sum(新規顧客数)::integer AS 新規顧客数, sum(新規売上) AS 新規売上, sum(リピート売上) AS リピート売上
FROM 月次 GROUP BY 1;

-- 初回購入月ごとのコホート、1行に1つ。数字はその月に買った割合(％)。表計算ソフト用
CREATE MATERIALIZED VIEW コホート AS
SELECT cohort AS 初回購入月, max(customers)::integer AS 人数,
  ltv_percent(max(retention) FILTER (WHERE period_index = 1)) AS "1か月後", ltv_percent(max(retention) FILTER (WHERE period_index = 2)) AS "2か月後",
  ltv_percent(max(retention) FILTER (WHERE period_index = 3)) AS "3か月後", ltv_percent(max(retention) FILTER (WHERE period_index = 4)) AS "4か月後",
  ltv_percent(max(retention) FILTER (WHERE period_index = 5)) AS "5か月後", ltv_percent(max(retention) FILTER (WHERE period_index = 6)) AS "6か月後",
  ltv_percent(max(retention) FILTER (WHERE period_index = 7)) AS "7か月後", ltv_percent(max(retention) FILTER (WHERE period_index = 8)) AS "8か月後",
  ltv_percent(max(retention) FILTER (WHERE period_index = 9)) AS "9か月後", ltv_percent(max(retention) FILTER (WHERE period_index = 10)) AS "10か月後",
  ltv_percent(max(retention) FILTER (WHERE period_index = 11)) AS "11か月後", ltv_percent(max(retention) FILTER (WHERE period_index = 12)) AS "12か月後"
FROM 基準日, ltv_cohorts('shop_orders', 基準日, 'month')
WHERE (cohort + make_interval(months => period_index + 1))::date <= 基準日 + 1
GROUP BY cohort;

-- 次の注文に進んだ割合
CREATE MATERIALIZED VIEW ステップ AS
SELECT step AS 回数, customers::integer AS 人数, ltv_percent(next_rate) AS "次へ進んだ割合(％)", ltv_percent(rate_from_first) AS "初回からの到達率(％)",
  round(median_days_to_next)::integer AS 次までの日数
FROM 基準日, ltv_steps('shop_orders', 基準日, 10);

-- デシル
CREATE MATERIALIZED VIEW デシル AS
SELECT decile AS デシル, customers::integer AS 人数, round(revenue) AS 売上, ltv_percent(share) AS "構成比(％)", ltv_percent(cumulative_share) AS "累計構成比(％)"
FROM 基準日, ltv_deciles('shop_orders', 基準日);

-- 顧客の段階
CREATE MATERIALIZED VIEW 段階 AS
SELECT ltv_term(stage) AS 段階, customers::integer AS 人数, ltv_percent(share) AS "構成比(％)", round(revenue) AS 売上
FROM 基準日, ltv_stages('shop_orders', 基準日);

-- 顧客ごとに1行: 一覧、絞り込み、メール配信ツール用
CREATE MATERIALIZED VIEW 顧客一覧 AS
SELECT customer_id::text AS 顧客ID, orders::integer AS 購入回数, round(revenue) AS 累計売上, round(average_order_value) AS 平均客単価, first_order AS 初回日, last_order AS 最新日,
  days_since_last_order AS 経過日数, round(annual_revenue) AS 年間売上, ltv_term(stage) AS 段階
FROM 基準日, ltv_customer_summary('shop_orders', 基準日);

-- REFRESH MATERIALIZED VIEW CONCURRENTLY のための一意索引
CREATE UNIQUE INDEX 主要指標_鍵 ON 主要指標 (基準日);
CREATE UNIQUE INDEX 月次_鍵 ON 月次 (月);
CREATE UNIQUE INDEX コホート_鍵 ON コホート (初回購入月);
CREATE UNIQUE INDEX ステップ_鍵 ON ステップ (回数);
CREATE UNIQUE INDEX デシル_鍵 ON デシル (デシル);
CREATE UNIQUE INDEX 段階_鍵 ON 段階 (段階);
CREATE UNIQUE INDEX 顧客一覧_鍵 ON 顧客一覧 (顧客ID);

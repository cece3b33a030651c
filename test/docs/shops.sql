-- For doc/shops.md: each shop system's tables, as far as its recipe reads them, in a schema of its own, with invented rows,
-- and in the table "expected" what the recipe must give on 2025-03-31, worked out by hand (the sums stand beside).
-- Tokyo is 9 hours ahead of UTC, so 15:00 UTC and later is the next day there.  Where a shop computes amounts, some here have
-- more decimal places than ltv takes; what comes as a file lies in columns of type text, some of them empty.

CREATE SCHEMA eccube
  CREATE TABLE dtb_customer (id integer, email text, buy_times numeric, buy_total numeric(12,2))
  CREATE TABLE dtb_order (id integer, customer_id integer, email text, order_date timestamptz(0), order_status_id smallint,
    total numeric(12,2), use_point numeric(12,0))
  CREATE TABLE dtb_order_item (order_id integer, order_item_type_id smallint, tax_display_type_id smallint, product_name text,
    price numeric(12,2), quantity numeric(10,0), tax numeric(10,0))
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO eccube.dtb_customer VALUES (1, 'Hana@example.jp', 2, 6300), (2, 'jiro@example.jp', 1, 0), (3, 'saburo@example.jp', 0, 0);
INSERT INTO eccube.dtb_order VALUES
  (10, 1, 'hana@example.jp', '2024-04-01 10:00+09', 5, 3300, 0),
  (11, 1, 'hana@example.jp', '2024-05-31 15:30+00', 1, 3000, 300),        -- 1 June in Tokyo
  (12, 1, 'hana@example.jp', '2024-06-10 10:00+09', 3, 9900, 0),          -- cancelled
  (13, 1, 'hana@example.jp', '2024-07-10 10:00+09', 9, 9900, 0),          -- returned
  (14, 2, 'jiro@example.jp', '2024-08-01 10:00+09', 6, 0, 1000),          -- paid by points alone
  (15, 3, 'saburo@example.jp', NULL, 8, 5000, 0),                         -- a cart
  (16, NULL, 'HANA@example.jp', '2024-09-01 10:00+09', 5, 1100, 0),       -- a guest with the member's address
  (17, NULL, 'Guest@example.jp', '2024-09-02 10:00+09', 5, 2200, 0);
INSERT INTO eccube.dtb_order_item VALUES
  (10, 1, 1, 'cream', 1500, 2, 150), (10, 1, 2, 'soap', 550, 1, 50), (10, 4, 2, 'coupon', -550, 1, 0),  -- 3300 + 550 - 550
  (11, 1, 2, 'cream', 1650, 1, 150), (11, 1, 1, 'soap', 1000, 1, 100), (11, 2, 2, 'shipping', 550, 1, 50),
  (11, 6, 2, 'points', -300, 1, 0),                                                                     -- 1650 + 1100 + 550 - 300
  (14, 1, 2, 'soap', 1000, 1, 91), (14, 6, 2, 'points', -1000, 1, 0),                                   -- 0
  (12, 1, 2, 'cream', 9900, 1, 900);
INSERT INTO eccube.expected VALUES
  ('shop_orders', '1', 2, 6300.00, '2024-04-01', '2024-06-01'),                -- 3300 + 3000
  ('shop_orders', '2', 1, 0.00, '2024-08-01', '2024-08-01'),
  ('shop_orders_with_guests', '1', 3, 7400.00, '2024-04-01', '2024-09-01'),    -- and 1100
  ('shop_orders_with_guests', '2', 1, 0.00, '2024-08-01', '2024-08-01'),
  ('shop_orders_with_guests', 'guest@example.jp', 1, 2200.00, '2024-09-02', '2024-09-02'),
  ('shop_order_lines', '1', 2, 6300.00, '2024-04-01', '2024-06-01'),
  ('shop_order_lines', '2', 1, 0.00, '2024-08-01', '2024-08-01');

CREATE SCHEMA saleor
  CREATE TABLE order_order (id uuid, user_id integer, created_at timestamptz, status text, origin text, currency text,
    total_gross_amount numeric(20,3))
  CREATE TABLE order_ordergrantedrefund (id integer, order_id uuid, created_at timestamptz, amount_value numeric(20,3), status text)
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO saleor.order_order VALUES
  ('00000000-0000-0000-0000-000000000001', 7, '2024-04-30 20:00+00', 'fulfilled', 'checkout', 'JPY', 5000),   -- 1 May in Tokyo
  ('00000000-0000-0000-0000-000000000002', 7, '2024-06-01 00:00+00', 'returned', 'checkout', 'JPY', 2000),
  ('00000000-0000-0000-0000-000000000003', 7, '2024-06-05 00:00+00', 'fulfilled', 'reissue', 'JPY', 2000),
  ('00000000-0000-0000-0000-000000000004', 7, '2024-06-06 00:00+00', 'draft', 'draft', 'JPY', 9000),
  ('00000000-0000-0000-0000-000000000005', 8, '2024-06-07 00:00+00', 'fulfilled', 'checkout', 'USD', 40),
  ('00000000-0000-0000-0000-000000000006', NULL, '2024-06-08 00:00+00', 'fulfilled', 'checkout', 'JPY', 700);
INSERT INTO saleor.order_ordergrantedrefund VALUES
  (1, '00000000-0000-0000-0000-000000000002', '2024-06-10 00:00+00', 1500, 'success'),
  (2, '00000000-0000-0000-0000-000000000001', '2024-06-10 00:00+00', 5000, 'failure');
INSERT INTO saleor.expected VALUES ('shop_orders', '7', 2, 5500.000, '2024-05-01', '2024-06-01');   -- 5000 + 2000 - 1500

CREATE SCHEMA medusa
  CREATE TABLE "order" (id text, customer_id text, email text, created_at timestamptz, version integer, status text,
    is_draft_order boolean, currency_code text, deleted_at timestamptz)
  CREATE TABLE order_summary (order_id text, version integer, totals jsonb, deleted_at timestamptz)
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO medusa."order" VALUES
  ('o1', 'c1', 'a@example.com', '2024-04-01 00:00+00', 2, 'completed', false, 'usd', NULL),
  ('o2', 'c1', 'a@example.com', '2024-05-01 15:00+00', 1, 'pending', false, 'usd', NULL),       -- 2 May in Tokyo
  ('o3', NULL, 'B@example.com', '2024-05-03 00:00+00', 1, 'completed', false, 'usd', NULL),
  ('o4', 'c1', 'a@example.com', '2024-05-04 00:00+00', 1, 'canceled', false, 'usd', NULL),
  ('o5', 'c1', 'a@example.com', '2024-05-05 00:00+00', 1, 'pending', true, 'usd', NULL),
  ('o6', 'c1', 'a@example.com', '2024-05-06 00:00+00', 1, 'completed', false, 'usd', '2024-05-07 00:00+00');
INSERT INTO medusa.order_summary VALUES
  ('o1', 1, '{"current_order_total": 4000}', NULL), ('o1', 2, '{"current_order_total": 34.116425}', NULL),  -- 24.99 x 1.1075 + 6.44
  ('o2', 1, '{"current_order_total": "33.6478625"}', NULL),                                                 -- 24.99 x 1.08875 + 6.44
  ('o3', 1, '{"current_order_total": 800}', NULL),
  ('o4', 1, '{"current_order_total": 9000}', NULL), ('o5', 1, '{"current_order_total": 9000}', NULL),
  ('o6', 1, '{"current_order_total": 9000}', NULL);
INSERT INTO medusa.expected VALUES
  ('shop_orders', 'c1', 2, 67.77, '2024-04-01', '2024-05-02'),              -- 34.12 + 33.65
  ('shop_orders', 'b@example.com', 1, 800.00, '2024-05-03', '2024-05-03');

CREATE SCHEMA medusa1
  CREATE TABLE "order" (id text, customer_id text, created_at timestamptz, status text, currency_code text, canceled_at timestamptz)
  CREATE TABLE payment (order_id text, amount integer, amount_refunded integer, captured_at timestamptz, canceled_at timestamptz)
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO medusa1."order" VALUES
  ('o1', 'c1', '2024-04-01 00:00+00', 'completed', 'usd', NULL),
  ('o2', 'c1', '2024-04-02 16:00+00', 'completed', 'usd', NULL),            -- 3 April in Tokyo
  ('o3', 'c2', '2024-04-03 00:00+00', 'completed', 'usd', NULL),
  ('o4', 'c2', '2024-04-04 00:00+00', 'canceled', 'usd', '2024-04-05 00:00+00');
INSERT INTO medusa1.payment VALUES
  ('o1', 1999, 0, '2024-04-01 00:00+00', NULL), ('o1', 500, 250, '2024-04-01 00:00+00', NULL),
  ('o2', 1000, 0, '2024-04-02 16:00+00', NULL), ('o2', 1000, 0, NULL, '2024-04-02 16:00+00'),
  ('o3', 100, 0, '2024-04-03 00:00+00', NULL), ('o4', 9900, 0, '2024-04-04 00:00+00', NULL);
INSERT INTO medusa1.expected VALUES
  ('shop_orders', 'c1', 2, 32.49, '2024-04-01', '2024-04-03'),              -- 19.99 + 5.00 - 2.50 + 10.00
  ('shop_orders', 'c2', 1, 1.00, '2024-04-03', '2024-04-03');

CREATE SCHEMA solidus
  CREATE TABLE spree_orders (id bigint, user_id bigint, email text, completed_at timestamp, state text, total numeric(10,2), currency text)
  CREATE TABLE spree_payments (id bigint, order_id bigint)
  CREATE TABLE spree_refunds (payment_id bigint, amount numeric(10,2), created_at timestamp)
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO solidus.spree_orders VALUES
  (1, 5, 'a@example.jp', '2024-04-01 14:59', 'complete', 30.00, 'USD'),     -- 1 April in Tokyo
  (2, 5, 'a@example.jp', '2024-04-01 15:00', 'complete', 20.50, 'USD'),     -- 2 April
  (3, NULL, 'B@example.jp', '2024-04-05 00:00', 'complete', 10.00, 'USD'),
  (4, 5, 'a@example.jp', '2024-04-06 00:00', 'returned', 99.00, 'USD'),
  (5, 5, 'a@example.jp', NULL, 'cart', 99.00, 'USD');
INSERT INTO solidus.spree_payments VALUES (11, 1), (14, 4);
INSERT INTO solidus.spree_refunds VALUES (11, 5.25, '2024-05-01 00:00'), (14, 99.00, '2024-05-01 00:00');
INSERT INTO solidus.expected VALUES
  ('shop_orders', '5', 2, 45.25, '2024-04-01', '2024-04-02'),               -- 30.00 + 20.50 - 5.25
  ('shop_orders', 'b@example.jp', 1, 10.00, '2024-04-05', '2024-04-05');

CREATE SCHEMA spree6
  CREATE TABLE spree_orders (id bigint, customer_id bigint, email text, completed_at timestamp, status text, total numeric(10,2), currency text)
  CREATE TABLE spree_payments (id bigint, order_id bigint, order_group_id bigint)
  CREATE TABLE spree_refunds (payment_id bigint, order_id bigint, amount numeric(10,2), created_at timestamp)
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO spree6.spree_orders VALUES
  (1, 5, 'a@example.jp', '2024-04-01 14:59', 'placed', 30.00, 'USD'),       -- 1 April in Tokyo
  (2, 5, 'a@example.jp', '2024-04-01 15:00', 'placed', 20.50, 'USD'),       -- 2 April; two sellers, with order 3
  (3, 5, 'a@example.jp', '2024-04-01 15:00', 'placed', 8.00, 'USD'),
  (4, NULL, 'B@example.jp', '2024-04-05 00:00', 'placed', 10.00, 'USD'),
  (5, 5, 'a@example.jp', '2024-04-06 00:00', 'canceled', 99.00, 'USD'),
  (6, 5, 'a@example.jp', NULL, 'draft', 99.00, 'USD');
INSERT INTO spree6.spree_payments VALUES (11, 1, NULL), (12, NULL, 1), (14, 4, NULL), (15, 5, NULL);
INSERT INTO spree6.spree_refunds VALUES
  (12, 3, 5.25, '2024-05-01 00:00'), (14, 4, 10.00, '2024-05-01 00:00'), (15, 5, 99.00, '2024-05-01 00:00');
INSERT INTO spree6.expected VALUES
  ('shop_orders', '5', 3, 53.25, '2024-04-01', '2024-04-02'),               -- 30.00 + 20.50 + 8.00 - 5.25
  ('shop_orders', 'b@example.jp', 1, 0.00, '2024-04-05', '2024-04-05');     -- 10.00 - 10.00

CREATE SCHEMA vendure
  CREATE TABLE "order" (id integer, "customerId" integer, "orderPlacedAt" timestamp, "subTotalWithTax" integer, "shippingWithTax" integer,
    "currencyCode" text, state text, type text)
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO vendure."order" VALUES
  (1, 3, '2024-04-01 20:00', 300000, 50000, 'JPY', 'Delivered', 'Regular'),     -- 2 April in Tokyo
  (2, 3, '2024-04-10 00:00', 120050, 0, 'JPY', 'PaymentSettled', 'Aggregate'),
  (3, 3, '2024-04-10 00:00', 120050, 0, 'JPY', 'PaymentSettled', 'Seller'),
  (4, 3, '2024-04-11 00:00', 900000, 0, 'JPY', 'Cancelled', 'Regular'),
  (5, 3, NULL, 900000, 0, 'JPY', 'AddingItems', 'Regular'),
  (6, NULL, '2024-04-12 00:00', 100, 0, 'JPY', 'Delivered', 'Regular');
INSERT INTO vendure.expected VALUES ('shop_orders', '3', 2, 4700.50, '2024-04-02', '2024-04-10');   -- 3500 + 1200.50

CREATE SCHEMA odoo
  CREATE TABLE res_partner (id integer, commercial_partner_id integer)
  CREATE TABLE sale_order (id integer, partner_id integer, date_order timestamp, amount_untaxed numeric, currency_rate numeric, state text)
  CREATE TABLE account_move (id integer, commercial_partner_id integer, invoice_date date, amount_untaxed_signed numeric, state text, move_type text)
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO odoo.res_partner VALUES (1, 1), (2, 1), (3, 3);                 -- 2 is a person at company 1
INSERT INTO odoo.sale_order VALUES
  (1, 1, '2024-04-01 15:00', 100, 1, 'sale'),                               -- 2 April in Tokyo
  (2, 2, '2024-04-20 00:00', 100, 1.6, 'done'),                             -- 62.50
  (3, 3, '2024-04-21 00:00', 50, 3, 'sale'),                                -- 16.67
  (4, 3, '2024-04-22 00:00', 900, 1, 'cancel');
INSERT INTO odoo.account_move VALUES
  (1, 1, '2024-04-03', 100.00, 'posted', 'out_invoice'), (2, 1, '2024-05-03', -29.99999999, 'posted', 'out_refund'),
  (3, 1, '2024-05-04', 900.00, 'draft', 'out_invoice'), (4, 3, '2024-05-05', -900.00, 'posted', 'in_invoice');
INSERT INTO odoo.expected VALUES
  ('shop_orders', '1', 2, 162.50, '2024-04-02', '2024-04-20'),              -- 100 + 100/1.6
  ('shop_orders', '3', 1, 16.67, '2024-04-21', '2024-04-21'),
  ('shop_invoices', '1', 1, 70.00, '2024-04-03', '2024-04-03');             -- 100 - 30

CREATE SCHEMA shopify
  CREATE TABLE orders_csv ("Name" text, "Email" text, "Financial Status" text, "Currency" text, "Total" text, "Created at" text,
    "Cancelled at" text, "Refunded Amount" text, "Lineitem name" text)
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO shopify.orders_csv VALUES
  ('#1', 'Ann@example.com', 'paid', 'USD', '40.00', '2024-04-01 23:30:00 +0900', '', '0.00', 'cream'),
  ('#1', 'ann@example.com', '', '', '', '2024-04-01 23:30:00 +0900', '', '', 'soap'),
  ('#2', 'ann@example.com', 'partially_refunded', 'USD', '30.00', '2024-04-01 23:30:00 +0000', NULL, '12.50', 'soap'),  -- 2 April in Tokyo
  ('#3', 'bob@example.com', 'refunded', 'USD', '30.00', '2024-04-03 10:00:00 +0900', NULL, '30.00', 'soap'),
  ('#4', 'bob@example.com', 'paid', 'USD', '30.00', '2024-04-04 10:00:00 +0900', '2024-04-04 11:00:00 +0900', NULL, 'soap'),
  ('#5', '', 'paid', 'USD', '5.00', '2024-04-05 10:00:00 +0900', NULL, NULL, 'soap'),
  ('#6', 'ann@example.com', NULL, NULL, NULL, '2024-04-01 23:30:00 +0900', NULL, NULL, 'soap'),
  ('#7', 'ann@example.com', 'paid', 'USD', '33.6478625', '2024-04-03 00:30:00 +0900', '', '', 'cream');                     -- 33.65
INSERT INTO shopify.expected VALUES ('shop_orders', 'ann@example.com', 3, 91.15, '2024-04-01', '2024-04-03');   -- 40.00 + 30.00 - 12.50 + 33.65

CREATE SCHEMA rakuten
  CREATE TABLE juchu ("注文番号" text, "ステータス" text, "注文日時" text, "注文者メールアドレス" text, "合計金額" text,
    "店舗発行クーポン利用額" text, "商品名" text)
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO rakuten.juchu VALUES
  ('n1', '500', '2024-04-01 23:59:59', 'x@alias.example.jp', '5500', '500', 'クリーム'),
  ('n1', '500', '2024-04-01 23:59:59', 'x@alias.example.jp', '5500', '500', '石けん'),
  ('n2', '600', '2024-05-01 00:00:00', 'x@alias.example.jp', '2000', '-9999', 'クリーム'),
  ('n3', '900', '2024-05-02 00:00:00', 'x@alias.example.jp', '9000', '0', 'クリーム'),
  ('n4', '100', '2024-05-03 00:00:00', 'y@alias.example.jp', '-9999', '-9999', 'クリーム'),
  ('n5', '100', '2024-05-04 00:00:00', 'y@alias.example.jp', '', '', 'クリーム'),
  ('n6', '600', '2024-05-05 00:00:00', 'y@alias.example.jp', '1980.00000001', '', '石けん'),                  -- 1980
  ('n7', '600', '2024-05-06 00:00:00', 'y@alias.example.jp', '20', NULL, '石けん'),
  ('n8', '600', '2024-05-07 00:00:00', '', '700', NULL, '石けん');                                            -- nobody
INSERT INTO rakuten.expected VALUES
  ('shop_orders', 'x@alias.example.jp', 2, 7000, '2024-04-01', '2024-05-01'),                                 -- 5500 - 500 + 2000
  ('shop_orders', 'y@alias.example.jp', 2, 2000, '2024-05-05', '2024-05-06');                                 -- 1980 + 20

CREATE SCHEMA amazon
  CREATE TABLE amazon_report ("order-id" text, "purchase-date" text, "buyer-email" text, "product-name" text, "quantity-purchased" text,
    currency text, "item-price" text, "shipping-price" text, "item-promotion-discount" text, "ship-promotion-discount" text)
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO amazon.amazon_report VALUES
  ('250-1', '2024-04-01T15:10:00+00:00', 'x@alias.example.com', 'cream', '2', 'JPY', '3000.00', '400.00', '-300.00', '-400.00'),   -- 2 April in Tokyo
  ('250-1', '2024-04-01T15:10:00+00:00', 'x@alias.example.com', 'soap', '1', 'JPY', '500.00', NULL, '', NULL),
  ('250-2', '2024-05-01T00:00:00+00:00', 'x@alias.example.com', 'soap', '1', 'JPY', '500.00000001', '0', '50', ''),
  ('250-3', '2024-05-02T00:00:00+00:00', 'x@alias.example.com', 'soap', '0', '', '', '', '', ''),                                 -- cancelled
  ('250-4', '2024-05-03T00:00:00+00:00', '', 'soap', '1', 'JPY', '500.00', '', '', '');                                           -- nobody
INSERT INTO amazon.expected VALUES ('shop_orders', 'x@alias.example.com', 2, 3650.00, '2024-04-02', '2024-05-01');   -- 2700 + 500 + 450

CREATE SCHEMA woocommerce
  CREATE TABLE wp_wc_orders (id bigint, status varchar(20), currency varchar(10), type varchar(20), tax_amount numeric(26,8), total_amount numeric(26,8),
    customer_id bigint, billing_email varchar(320), date_created_gmt timestamp, parent_order_id bigint)
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO woocommerce.wp_wc_orders VALUES
  (1, 'wc-completed', 'JPY', 'shop_order', 0, 5000.00000000, 7, 'a@example.jp', '2024-04-30 20:00', 0),   -- 1 May in Tokyo
  (2, 'wc-refunded', 'JPY', 'shop_order', 0, 3000, 7, 'a@example.jp', '2024-06-01 00:00', 0),
  (3, 'wc-completed', 'JPY', 'shop_order_refund', 0, -3000, 0, NULL, '2024-06-03 00:00', 2),
  (4, 'wc-pending', 'JPY', 'shop_order', 0, 9000, 7, 'a@example.jp', '2024-06-04 00:00', 0),
  (5, 'wc-processing', 'JPY', 'shop_order', 0, 700.33330000, 0, 'Guest@example.jp', '2024-06-05 00:00', 0),
  (6, 'wc-processing', 'JPY', 'shop_order', 0, 800, 0, 'guest@example.jp', '2024-06-06 00:00', 0),
  (7, 'wc-cancelled', 'JPY', 'shop_order', 0, 100, 8, 'b@example.jp', '2024-06-06 00:00', 0),
  (8, 'wc-completed', 'JPY', 'shop_order_refund', 0, -100, 0, NULL, '2024-06-07 00:00', 7);
INSERT INTO woocommerce.expected VALUES ('shop_orders', '7', 2, 5000.00, '2024-05-01', '2024-06-01'),   -- 5000 + 3000 - 3000
  ('shop_orders', 'guest@example.jp', 2, 1500.33, '2024-06-05', '2024-06-06');

CREATE SCHEMA prestashop
  CREATE TABLE ps_customer (id_customer integer, email varchar(255), is_guest smallint)
  CREATE TABLE ps_orders (id_order integer, id_customer integer, valid integer, conversion_rate numeric(13,6), total_paid_tax_incl numeric(20,6), date_add timestamp)
  CREATE TABLE ps_order_slip (id_order_slip integer, id_customer integer, id_order integer, total_products_tax_incl numeric(20,6),
    total_shipping_tax_incl numeric(20,6), date_add timestamp)
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO prestashop.ps_customer VALUES (1, 'a@example.fr', 0), (2, 'Guest@example.fr', 1), (3, 'guest@example.fr', 1);
INSERT INTO prestashop.ps_orders VALUES
  (1, 1, 1, 1.000000, 40.500000, '2024-05-01 23:30:00'),
  (2, 1, 0, 1.000000, 99.000000, '2024-05-02 10:00:00'),
  (3, 1, 1, 2.000000, 60.000000, '2024-06-01 10:00:00'),   -- in another currency: 30
  (4, 2, 1, 1.000000, 10.000000, '2024-06-02 10:00:00'),
  (5, 3, 1, 1.000000, 11.000000, '2024-06-03 10:00:00');
INSERT INTO prestashop.ps_order_slip VALUES (1, 1, 3, 20.000000, 4.000000, '2024-06-10 10:00:00'), (2, 1, 2, 99.000000, 0, '2024-06-10 10:00:00');
INSERT INTO prestashop.expected VALUES ('shop_orders', '1', 2, 58.50, '2024-05-01', '2024-06-01'),   -- 40.50 + 30 - 12
  ('shop_orders', 'guest@example.fr', 2, 21.00, '2024-06-02', '2024-06-03');

CREATE SCHEMA magento
  CREATE TABLE sales_order (entity_id integer, customer_id integer, customer_email varchar(128), created_at timestamp, state varchar(32),
    base_grand_total numeric(20,4), base_currency_code varchar(3))
  CREATE TABLE sales_creditmemo (entity_id integer, order_id integer, created_at timestamp, state integer, base_grand_total numeric(20,4))
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO magento.sales_order VALUES
  (1, 7, 'a@example.com', '2024-04-30 20:00', 'complete', 100.0000, 'EUR'),   -- 1 May in Tokyo
  (2, 7, 'a@example.com', '2024-06-01 00:00', 'closed', 50.0000, 'EUR'),
  (3, 7, 'a@example.com', '2024-06-02 00:00', 'canceled', 70.0000, 'EUR'),
  (4, NULL, 'Guest@example.com', '2024-06-03 00:00', 'processing', 20.5000, 'EUR');
INSERT INTO magento.sales_creditmemo VALUES (1, 2, '2024-06-05 00:00', 2, 50.0000), (2, 1, '2024-06-05 00:00', 3, 100.0000);
INSERT INTO magento.expected VALUES ('shop_orders', '7', 2, 100.00, '2024-05-01', '2024-06-01'), ('shop_orders', 'guest@example.com', 1, 20.50, '2024-06-03', '2024-06-03');

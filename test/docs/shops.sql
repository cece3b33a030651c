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

CREATE SCHEMA sylius
  CREATE TABLE sylius_order (id integer, number varchar(255), customer_id integer, state varchar(255), payment_state varchar(255),
    checkout_completed_at timestamp(0), items_total integer, adjustments_total integer, total integer, currency_code varchar(3))
  CREATE TABLE sylius_order_item (id integer, order_id integer, quantity integer, unit_price integer, total integer, product_name varchar(255))
  CREATE TABLE sylius_refund_credit_memo (id varchar(255), order_id integer, number varchar(255), total integer, currency_code varchar(255),
    issued_at timestamp(0))
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO sylius.sylius_order VALUES
  (1, '000000001', 4, 'fulfilled', 'paid', '2024-04-01 15:00', 4000, 590, 4590, 'EUR'),             -- 2 April in Tokyo; 5.90 of shipping
  (2, '000000002', 4, 'new', 'awaiting_payment', '2024-05-01 14:59', 1250, -250, 1000, 'EUR'),      -- 1 May; a discount of the order
  (3, '000000003', 5, 'fulfilled', 'partially_refunded', '2024-05-02 00:00', 3000, 0, 3000, 'EUR'),
  (4, '000000004', 5, 'cancelled', 'cancelled', '2024-05-03 00:00', 9900, 0, 9900, 'EUR'),
  (5, NULL, NULL, 'cart', 'cart', NULL, 9900, 0, 9900, 'EUR');
INSERT INTO sylius.sylius_order_item VALUES
  (1, 1, 2, 1500, 3000, 'cream'), (2, 1, 1, 1000, 1000, 'soap'), (3, 2, 1, 1250, 1250, 'soap'), (4, 3, 2, 1500, 3000, 'cream'),
  (5, 4, 1, 9900, 9900, 'cream'), (6, 5, 1, 9900, 9900, 'cream');
INSERT INTO sylius.sylius_refund_credit_memo VALUES
  ('m1', 3, '2024/06/000000001', 1275, 'EUR', '2024-06-01 00:00'), ('m2', 4, '2024/06/000000002', 9900, 'EUR', '2024-06-01 00:00');
INSERT INTO sylius.expected VALUES
  ('shop_orders', '4', 2, 55.90, '2024-04-02', '2024-05-01'),               -- 45.90 + 10.00
  ('shop_orders', '5', 1, 17.25, '2024-05-02', '2024-05-02'),               -- 30.00 - 12.75
  ('shop_order_lines', '4', 2, 55.90, '2024-04-02', '2024-05-01'),          -- 30.00 + 10.00 + 5.90, 12.50 - 2.50
  ('shop_order_lines', '5', 1, 30.00, '2024-05-02', '2024-05-02');          -- a credit memo is no line

-- Texts are of the type citext there.
CREATE SCHEMA nopcommerce
  CREATE TABLE "CustomerRole" ("Id" integer, "SystemName" text)
  CREATE TABLE "Customer_CustomerRole_Mapping" ("Customer_Id" integer, "CustomerRole_Id" integer)
  CREATE TABLE "Address" ("Id" integer, "Email" text)
  CREATE TABLE "Product" ("Id" integer, "Name" text)
  CREATE TABLE "Order" ("Id" integer, "CustomerId" integer, "BillingAddressId" integer, "OrderStatusId" integer, "PaymentStatusId" integer,
    "OrderTotal" numeric(18,4), "RefundedAmount" numeric(18,4), "Deleted" boolean, "CreatedOnUtc" timestamp)
  CREATE TABLE "OrderItem" ("Id" integer, "OrderId" integer, "ProductId" integer, "Quantity" integer, "PriceExclTax" numeric(18,4),
    "OriginalProductCost" numeric(18,4))
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO nopcommerce."CustomerRole" VALUES (1, 'Administrators'), (3, 'Registered'), (4, 'Guests');
INSERT INTO nopcommerce."Customer_CustomerRole_Mapping" VALUES (7, 3), (7, 1), (8, 4), (9, 4);
INSERT INTO nopcommerce."Address" VALUES (1, 'a@example.com'), (2, 'Guest@example.com'), (3, 'guest@example.com');
INSERT INTO nopcommerce."Product" VALUES (1, 'cream'), (2, 'soap');
INSERT INTO nopcommerce."Order" VALUES
  (1, 7, 1, 30, 30, 42.3333, 0, false, '2024-04-01 15:00'),                 -- 42.33; 2 April in Tokyo
  (2, 7, 1, 20, 35, 30.0000, 12.5000, false, '2024-05-01 00:00'),           -- 17.50
  (3, 7, 1, 40, 50, 99.0000, 0, false, '2024-05-02 00:00'),
  (4, 7, 1, 30, 30, 99.0000, 0, true, '2024-05-03 00:00'),
  (5, 8, 2, 30, 30, 10.0000, 0, false, '2024-05-04 00:00'),
  (6, 9, 3, 30, 40, 11.0000, 11.0000, false, '2024-05-05 00:00'),           -- refunded as a whole
  (7, 9, 3, 10, 10, 99.0000, 0, false, '2024-05-06 00:00');
INSERT INTO nopcommerce."OrderItem" VALUES
  (1, 1, 1, 2, 30.0000, 6.0000), (2, 1, 2, 1, 5.4545, 1.2500), (3, 2, 1, 2, 28.0000, 6.0000), (4, 3, 1, 1, 99.0000, 6.0000),
  (5, 4, 1, 1, 99.0000, 6.0000), (6, 5, 2, 2, 9.1000, 1.2500), (7, 6, 2, 2, 9.1000, 1.2500), (8, 7, 1, 1, 99.0000, 6.0000);
INSERT INTO nopcommerce.expected VALUES
  ('shop_orders', '7', 2, 59.83, '2024-04-02', '2024-05-01'),
  ('shop_orders', 'guest@example.com', 2, 10.00, '2024-05-04', '2024-05-05'),
  ('shop_order_lines', '7', 2, 63.45, '2024-04-02', '2024-05-01'),          -- 30.00 + 5.45 + 28.00
  ('shop_order_lines', '8', 1, 9.10, '2024-05-04', '2024-05-04'),
  ('shop_order_lines', '9', 1, 9.10, '2024-05-05', '2024-05-05');

-- As mysql_fdw imports the tables: binary(16) is bytea, double is double precision, datetime(3) is timestamp, tinyint is smallint.
CREATE SCHEMA shopware
  CREATE TABLE state_machine_state (id bytea, technical_name varchar(255), state_machine_id bytea)
  CREATE TABLE customer (id bytea, email varchar(254), guest smallint)
  CREATE TABLE "order" (id bytea, version_id bytea, state_id bytea, order_number varchar(64), currency_factor double precision,
    order_date_time timestamp, amount_total double precision, amount_net double precision)
  CREATE TABLE order_customer (id bytea, version_id bytea, customer_id bytea, order_id bytea, order_version_id bytea, email varchar(254))
  CREATE TABLE order_transaction (id bytea, version_id bytea, order_id bytea, order_version_id bytea, state_id bytea)
  CREATE TABLE order_transaction_capture (id bytea, order_transaction_id bytea, order_transaction_version_id bytea, state_id bytea, amount json)
  CREATE TABLE order_transaction_capture_refund (id bytea, capture_id bytea, state_id bytea, amount json, created_at timestamp)
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO shopware.state_machine_state VALUES
  ('\x01', 'open', '\xa0'), ('\x02', 'in_progress', '\xa0'), ('\x03', 'completed', '\xa0'), ('\x04', 'cancelled', '\xa0'),
  ('\x11', 'open', '\xb0'), ('\x12', 'completed', '\xb0'), ('\x13', 'failed', '\xb0');
INSERT INTO shopware.customer VALUES ('\xc1', 'a@example.de', 0), ('\xc2', 'Guest@example.de', 1), ('\xc3', 'guest@example.de', 1);
INSERT INTO shopware."order" VALUES
  ('\x51', '\x0fa91ce3e96a4bc2be4bd9ce752c3425', '\x03', '10001', 1, '2024-04-01 15:00:00.123', 40.1, 33.7),   -- 2 April in Tokyo
  ('\x51', '\x11111111111111111111111111111111', '\x03', '10001', 1, '2024-04-01 15:00:00.123', 90, 75.6),     -- being edited
  ('\x52', '\x0fa91ce3e96a4bc2be4bd9ce752c3425', '\x02', '10002', 1.2, '2024-05-01 00:00', 60, 50.4),          -- in another currency: 50
  ('\x53', '\x0fa91ce3e96a4bc2be4bd9ce752c3425', '\x04', '10003', 1, '2024-05-02 00:00', 99, 83),
  ('\x54', '\x0fa91ce3e96a4bc2be4bd9ce752c3425', '\x01', '10004', 0, '2024-05-03 00:00', 10, 8.4),          -- no factor
  ('\x55', '\x0fa91ce3e96a4bc2be4bd9ce752c3425', '\x01', '10005', 1, '2024-05-04 00:00', 11.115, 9.34),        -- 11.12
  ('\x56', '\x0fa91ce3e96a4bc2be4bd9ce752c3425', '\x03', '10006', 1, '2024-05-05 00:00', 7, 5.88);             -- the customer was deleted
INSERT INTO shopware.order_customer
SELECT decode('d' || to_hex(row_number() OVER ()), 'hex'), version_id, customer_id, o.id, version_id, email
FROM (VALUES ('\x51'::bytea, '\xc1'::bytea, 'a@example.de'), ('\x52', '\xc1', 'a@example.de'), ('\x53', '\xc1', 'a@example.de'),
  ('\x54', '\xc2', 'Guest@example.de'), ('\x55', '\xc3', 'guest@example.de'), ('\x56', NULL, 'Gone@example.de')) who(id, customer_id, email)
  JOIN shopware."order" o USING (id);
INSERT INTO shopware.order_transaction
SELECT decode('e' || right(encode(id, 'hex'), 1), 'hex'), version_id, id, version_id, '\x12' FROM shopware."order" WHERE id IN ('\x51', '\x52', '\x53');
INSERT INTO shopware.order_transaction_capture
SELECT decode('f' || right(encode(id, 'hex'), 1), 'hex'), id, version_id, '\x12', '{"totalPrice": 60}' FROM shopware.order_transaction
WHERE version_id = '\x0fa91ce3e96a4bc2be4bd9ce752c3425';
INSERT INTO shopware.order_transaction_capture_refund VALUES
  ('\x61', '\xf2', '\x12', '{"unitPrice": 12, "totalPrice": 12}', '2024-06-01 00:00'),                         -- 10 of the shop's
  ('\x62', '\xf2', '\x13', '{"totalPrice": 48}', '2024-06-02 00:00'),                                          -- it failed
  ('\x63', '\xf3', '\x12', '{"totalPrice": 99}', '2024-06-02 00:00');                                          -- of a cancelled order
INSERT INTO shopware.expected VALUES
  ('shop_orders', 'c1', 2, 80.10, '2024-04-02', '2024-05-01'),                                                 -- 40.10 + 50 - 10
  ('shop_orders', 'guest@example.de', 2, 21.12, '2024-05-03', '2024-05-04'),
  ('shop_orders', 'gone@example.de', 1, 7.00, '2024-05-05', '2024-05-05');

CREATE SCHEMA bagisto
  CREATE TABLE orders (id integer, increment_id varchar(255), status varchar(255), is_guest smallint, customer_email varchar(255),
    customer_id integer, base_currency_code varchar(255), base_grand_total numeric(12,4), created_at timestamp)
  CREATE TABLE refunds (id integer, order_id integer, state varchar(255), base_grand_total numeric(12,4), created_at timestamp)
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO bagisto.orders VALUES
  (1, '1', 'completed', 0, 'a@example.in', 3, 'INR', 5000.0000, '2024-04-01 20:30'),                           -- 2 April in Tokyo
  (2, '2', 'processing', 0, 'a@example.in', 3, 'INR', 250.5050, '2024-04-30 20:29'),                           -- 250.51; still 30 April
  (3, '3', 'closed', 0, 'a@example.in', 3, 'INR', 1000.0000, '2024-06-01 10:00'),
  (4, '4', 'canceled', 0, 'a@example.in', 3, 'INR', 9000.0000, '2024-06-02 10:00'),
  (5, '5', 'pending_payment', 0, 'a@example.in', 3, 'INR', 9000.0000, '2024-06-03 10:00'),
  (6, '6', 'completed', 1, 'Guest@example.in', NULL, 'INR', 700.0000, '2024-06-04 10:00'),
  (7, '7', 'processing', 1, 'guest@example.in', NULL, 'INR', 800.0000, '2024-06-05 10:00'),
  (8, '8', 'pending', 1, 'guest@example.in', NULL, 'INR', 9000.0000, '2024-06-06 10:00');
INSERT INTO bagisto.refunds VALUES
  (1, 3, 'refunded', 1000.0000, '2024-06-10 10:00'), (2, 6, 'refunded', 99.9900, '2024-06-10 10:00'), (3, 4, 'refunded', 9000, '2024-06-10 10:00');
INSERT INTO bagisto.expected VALUES
  ('shop_orders', '3', 3, 5250.51, '2024-04-02', '2024-06-01'),                                                -- 5000 + 250.51 + 1000 - 1000
  ('shop_orders', 'guest@example.in', 2, 1400.01, '2024-06-04', '2024-06-05');                                 -- 700 - 99.99 + 800

CREATE SCHEMA eccube_mysql
  CREATE TABLE dtb_order (id integer, customer_id integer, email varchar(255), order_date timestamp, order_status_id smallint, total numeric)
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO eccube_mysql.dtb_order VALUES
  (10, 1, 'hana@example.jp', '2024-03-31 23:00', 5, 3300.00),               -- 8 in the morning of 1 April in Tokyo
  (11, 1, 'hana@example.jp', '2024-05-31 14:59', 1, 3000.00),               -- still 31 May
  (12, 1, 'hana@example.jp', '2024-06-10 01:00', 3, 9900.00),               -- cancelled
  (13, 2, 'jiro@example.jp', '2024-07-10 01:00', 9, 9900.00),               -- returned
  (14, 2, 'jiro@example.jp', NULL, 8, 5000.00),                             -- a cart
  (15, NULL, 'guest@example.jp', '2024-09-01 01:00', 5, 1100.00);
INSERT INTO eccube_mysql.expected VALUES ('shop_orders', '1', 2, 6300.00, '2024-04-01', '2024-05-31');

CREATE SCHEMA stripe
  CREATE TABLE charges (id text, amount bigint, currency text, customer text, description text, invoice text, payment_intent text, status text,
    created timestamp, attrs jsonb)
  CREATE TABLE refunds (id text, amount bigint, currency text, charge text, payment_intent text, reason text, status text, created timestamp, attrs jsonb)
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO stripe.charges VALUES
  ('ch_1', 5000, 'jpy', 'cus_1', NULL, NULL, 'pi_1', 'succeeded', '2024-04-01 15:00', '{"captured": true, "receipt_email": null}'),   -- 2 April in Tokyo
  ('ch_2', 3000, 'jpy', 'cus_1', NULL, NULL, 'pi_2', 'succeeded', '2024-05-01 00:00', '{"captured": true}'),    -- 1000 were captured
  ('ch_3', 9000, 'jpy', 'cus_1', NULL, NULL, 'pi_3', 'succeeded', '2024-05-02 00:00', '{"captured": false}'),   -- reserved only
  ('ch_4', 9000, 'jpy', 'cus_1', NULL, NULL, 'pi_4', 'failed', '2024-05-03 00:00', '{"captured": true}'),
  ('ch_5', 700, 'jpy', NULL, NULL, NULL, 'pi_5', 'succeeded', '2024-05-04 00:00', '{"captured": true, "billing_details": {"email": "Guest@example.com"}}'),
  ('ch_6', 800, 'jpy', NULL, NULL, NULL, 'pi_6', 'succeeded', '2024-05-05 00:00',
    '{"captured": true, "billing_details": {"email": null}, "receipt_email": "guest@example.com"}');
INSERT INTO stripe.refunds VALUES
  ('re_1', 2000, 'jpy', 'ch_2', 'pi_2', NULL, 'succeeded', '2024-05-01 01:00', '{}'),
  ('re_2', 5000, 'jpy', 'ch_1', 'pi_1', NULL, 'failed', '2024-05-06 00:00', '{}'),
  ('re_3', 150, 'jpy', 'ch_5', 'pi_5', NULL, 'succeeded', '2024-05-06 00:00', '{}'),
  ('re_4', 9000, 'jpy', 'ch_3', 'pi_3', NULL, 'succeeded', '2024-05-06 00:00', '{}');                           -- of what was only reserved
INSERT INTO stripe.expected VALUES
  ('shop_orders', 'cus_1', 2, 6000.00, '2024-04-02', '2024-05-01'),         -- 5000 + 3000 - 2000
  ('shop_orders', 'guest@example.com', 2, 1350.00, '2024-05-04', '2024-05-05');   -- 700 - 150 + 800

CREATE SCHEMA square
  CREATE TABLE square_payments (payment jsonb)
  CREATE TABLE square_refunds (refund jsonb)
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO square.square_payments VALUES
  ('{"id": "p1", "created_at": "2024-04-01T15:00:00.000Z", "amount_money": {"amount": 1250, "currency": "USD"}, "tip_money": {"amount": 200, "currency": "USD"},
     "total_money": {"amount": 1450, "currency": "USD"}, "status": "COMPLETED", "customer_id": "C1", "order_id": "o1"}'),   -- 2 April in Tokyo
  ('{"id": "p2", "created_at": "2024-05-01T00:00:00.000Z", "amount_money": {"amount": 3000, "currency": "USD"}, "status": "COMPLETED", "customer_id": "C1"}'),
  ('{"id": "p3", "created_at": "2024-05-02T00:00:00.000Z", "amount_money": {"amount": 9900, "currency": "USD"}, "status": "CANCELED", "customer_id": "C1"}'),
  ('{"id": "p4", "created_at": "2024-05-03T00:00:00.000Z", "amount_money": {"amount": 9900, "currency": "USD"}, "status": "FAILED", "customer_id": "C1"}'),
  ('{"id": "p5", "created_at": "2024-05-04T00:00:00.000Z", "amount_money": {"amount": 450, "currency": "USD"}, "status": "COMPLETED",
     "buyer_email_address": "Guest@example.com"}'),
  ('{"id": "p6", "created_at": "2024-05-05T00:00:00.000Z", "amount_money": {"amount": 600, "currency": "USD"}, "status": "COMPLETED"}');   -- nobody
INSERT INTO square.square_refunds VALUES
  ('{"id": "r1", "payment_id": "p2", "created_at": "2024-06-01T00:00:00.000Z", "amount_money": {"amount": 1025, "currency": "USD"}, "status": "COMPLETED"}'),
  ('{"id": "r2", "payment_id": "p1", "created_at": "2024-06-01T00:00:00.000Z", "amount_money": {"amount": 1250, "currency": "USD"}, "status": "REJECTED"}'),
  ('{"id": "r3", "unlinked": true, "created_at": "2024-06-01T00:00:00.000Z", "amount_money": {"amount": 500, "currency": "USD"}, "status": "COMPLETED"}');
INSERT INTO square.expected VALUES
  ('shop_orders', 'C1', 2, 32.25, '2024-04-02', '2024-05-01'),              -- 12.50 + 30.00 - 10.25
  ('shop_orders', 'guest@example.com', 1, 4.50, '2024-05-04', '2024-05-04');

CREATE SCHEMA stripe_csv
  CREATE TABLE stripe_payments (id text, "Created date (UTC)" text, "Amount" text, "Amount Refunded" text, "Currency" text, "Captured" text,
    "Status" text, "Customer ID" text, "Customer Email" text)
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO stripe_csv.stripe_payments VALUES
  ('ch_1', '2024-04-01 15:00:00', '1061.86', '0.00', 'usd', 'true', 'Paid', 'cus_1', 'a@example.com'),          -- 2 April in Tokyo
  ('ch_2', '2024-05-01 18:37:41', '30.00', '12.50', 'usd', 'true', 'Paid', 'cus_1', NULL),                      -- 17.50; 2 May
  ('ch_3', '2024-05-02 00:00:00', '99.00', '', 'usd', 'false', 'Failed', 'cus_1', ''),
  ('ch_4', '2024-05-03 00:00:00', '10.00', NULL, 'usd', 'true', 'Paid', '', 'Guest@example.com'),
  ('ch_5', '2024-05-04 00:00:00', '5.00', '0.00', 'usd', 'true', 'Paid', '', '');                               -- nobody
INSERT INTO stripe_csv.expected VALUES
  ('shop_orders', 'cus_1', 2, 1079.36, '2024-04-02', '2024-05-02'),         -- 1061.86 + 17.50
  ('shop_orders', 'guest@example.com', 1, 10.00, '2024-05-03', '2024-05-03');

CREATE SCHEMA square_csv
  CREATE TABLE square_items ("Date" text, "Time" text, "Time Zone" text, "Item" text, "Qty" text, "Gross Sales" text, "Discounts" text, "Net Sales" text,
    "Tax" text, "Transaction ID" text, "Event Type" text, "Customer ID" text)
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO square_csv.square_items VALUES
  ('2024-04-01', '12:59:30', 'Eastern Time (US & Canada)', 'cream', '2.0', '$1,250.00', '-$50.00', '$1,200.00', '$96.00', 'T1', 'Payment', 'C1'),
  ('2024-04-01', '12:59:30', 'Eastern Time (US & Canada)', 'soap', '1.0', '$8.00', '$0.00', '$8.00', '$0.64', 'T1', 'Payment', 'C1'),
  ('05/01/2024', '2:30:00 PM', 'Eastern Time (US & Canada)', 'soap', '1', '$8.00', '$0.00', '$8.00 ', '$0.64', 'T2', 'Payment', 'C1'),
  ('2024-06-01', '10:00:00', 'Eastern Time (US & Canada)', 'cream', '1.0', '-$600.00', '$0.00', '-$600.00', '-$48.00', 'T3', 'Refund', 'C1'),
  ('2024-06-02', '10:00:00', 'Eastern Time (US & Canada)', 'soap', '1.0', '$8.00', '$0.00', '$8.00', '$0.64', 'T4', 'Payment', '');   -- nobody
INSERT INTO square_csv.expected VALUES ('shop_order_lines', 'C1', 2, 616.00, '2024-04-01', '2024-05-01');   -- 1200 + 8 + 8 - 600

CREATE SCHEMA later
  CREATE TABLE orders (id integer, customer_id integer, ordered_on date)
  CREATE TABLE order_lines (order_id integer, item text, quantity integer, amount numeric(10,2))
  CREATE TABLE returned_lines (order_id integer, returned_on date, item text, quantity integer, amount numeric(10,2))
  CREATE TABLE expected (view text, customer_id text, orders bigint, revenue numeric, first_order date, last_order date);
INSERT INTO later.orders VALUES (1, 1, '2024-04-01'), (2, 1, '2024-05-01'), (3, 2, '2024-05-02');
INSERT INTO later.order_lines VALUES
  (1, 'cream', 2, 60.00), (1, 'Gift card', 1, 50.00), (2, 'soap', 1, 8.00), (3, 'Gift card', 1, 20.00);
INSERT INTO later.returned_lines VALUES (1, '2024-06-10', 'cream', 1, 30.00);
INSERT INTO later.expected VALUES
  ('shop_orders', '1', 2, 38.00, '2024-04-01', '2024-05-01'),               -- 60 + 8 - 30
  ('shop_orders', '2', 1, 0, '2024-05-02', '2024-05-02');                   -- known from the day of the card

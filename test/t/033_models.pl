# The models against numbers computed elsewhere: difficult points to 20 digits, exact optima, predictions customer by
# customer, a real shop without a maximum, a million customers; and what a forecast promises, over simulated shops.  The
# reference lies in ../shared, next to the checkout, and is not part of it.  The server is the one that psql finds.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use FindBin;
use IPC::Run qw(run);
use JSON::PP;
use Test::More;
use lib $FindBin::RealBin;
use Helpers qw(slurp);
use Stops;

my $shared = abs_path(dirname(__FILE__) . '/../..') . '/../shared';
my ($reference, $data) = ("$shared/reference", "$shared/data");
my $database = "ltv_models_$$";

# psql(SQL) -> succeeded, everything printed
sub psql
{
  my ($sql, $in) = @_;
  my $printed = '';
  my $good = run([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $in // $database ], '<', \$sql, '>&', \$printed);
  chomp $printed;
  return ($good, $printed);
}

sub must
{
  my ($good, $printed) = psql(@_);
  die "$_[0]\nfailed: $printed\n" unless $good;
  return $printed;
}

END { psql("DROP DATABASE IF EXISTS $database", 'postgres'); }
must("CREATE DATABASE $database", 'postgres');

must(<<'END');
CREATE EXTENSION ltv;
CREATE FUNCTION hand_made(kind text, parameters double precision[]) RETURNS ltv_model LANGUAGE sql IMMUTABLE AS
$$ SELECT ROW(kind, parameters, NULL, 7, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::ltv_model $$;
-- how far a number is from the right one, in tolerances; below 1e-299 there is nothing to be exact about,
-- and 0 stands in the reference where its own digits cancelled (6.7e-35 orders in a millionth of a week)
CREATE FUNCTION misses(got double precision, want text, tolerance double precision) RETURNS double precision LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN want ~ 'e-([3-9]\d\d|\d{4,})$' THEN (CASE WHEN got BETWEEN 0 AND 1e-299 THEN 0 ELSE 1e9 END)
	WHEN got = want::double precision THEN 0 WHEN want::double precision = 0 THEN (CASE WHEN got BETWEEN 0 AND 1e-30 THEN 0 ELSE 1e9 END) ELSE abs(got / want::double precision - 1) / tolerance END $$;
END

# The CSV file as a table with its own columns, of the types given for some.
sub load
{
  my ($table, $path, $type, %types) = @_;
  my $packed = $path =~ /\.gz\z/;
  my $in;
  ($packed ? open($in, '-|', 'gzip', '-dc', $path) : open($in, '<', $path)) or die "cannot read $path: $!\n";
  my $head = <$in>;
  close $in;
  $head =~ s/\s+\z//;
  must("CREATE TABLE $table (" . join(', ', map { "\"$_\" " . ($types{$_} // $type) } split /,/, $head) . ");\n"
      . '\copy ' . $table . ' FROM ' . ($packed ? "PROGRAM 'gzip -dc \"$path\"'" : "'$path'") . " (FORMAT csv, HEADER)\n");
  return;
}

# near(got, want, error, name): numbers that agree within an absolute error
sub near
{
  my ($got, $want, $error, $name) = @_;
  my $good = ok($got =~ /\d/ && abs($got - $want) <= $error, $name);
  diag("got $got, want $want within $error") unless $good;
  return;
}

# within(query, name): the query gives a count above 0 and a number of misses, all within the tolerance
sub within
{
  my ($query, $name) = @_;
  my ($rows, $worst) = split /\|/, must($query);
  my $good = ok($rows > 0 && $worst <= 1, "$name: $rows numbers");
  diag("worst is $worst times the tolerance") unless $good;
  return;
}

my %kind = (bgnbd => 'bg/nbd', mbgnbd => 'mbg/nbd', pnbd => 'pareto/nbd', gg => 'gamma-gamma');
my %names = (bgnbd => [qw(r alpha a b)], mbgnbd => [qw(r alpha a b)], pnbd => [qw(r alpha s beta)], gg => [qw(p q v)]);

# fit(name, ltv_fit(...) FROM ..., fit of the reference): parameters, standard errors, log-likelihood
sub fit
{
  my ($name, $query, $key, $want) = @_;
  my @fields = split /\|/, must("SELECT (m).converged, (m).note IS NULL, (m).log_likelihood, array_to_string((m).parameters, ' '), array_to_string((m).standard_errors, ' ') FROM (SELECT $query) AS f(m)");
  is("$fields[0]$fields[1]", 'tt', "$name: converged, an ordinary maximum");
  near($fields[2], $want->{loglik}, $want->{digits} // 1e-8, "$name: log-likelihood");
  my @parameters = split / /, $fields[3];
  my @errors = split / /, $fields[4];
  for my $i (0 .. $#{ $names{$key} })
  {
    my $p = $names{$key}[$i];
    # relative where numbers are large: v of the shop is 486
    my $size = $want->{params}{$p} > 1 ? $want->{params}{$p} : 1;
    near($parameters[$i], $want->{params}{$p}, 1e-6 * $size, "$name: $p");
    near($errors[$i], $want->{std_err}{$p}, 1e-4 * ($want->{std_err}{$p} > 1 ? $want->{std_err}{$p} : 1), "$name: standard error of $p");
  }
  return;
}

SKIP:
{
  skip 'no reference in ../shared/reference', 1 unless -r "$reference/README.md";

  subtest 'difficult points' => sub {
    load('grid', "$reference/grid_bgnbd_mbgnbd.csv", 'text');
    load('pgrid', "$reference/grid_pnbd.csv", 'text');
    load('ggrid', "$reference/grid_gamma_gamma.csv", 'text');
    must(<<'END');
CREATE VIEW point AS
SELECT model AS name, hand_made(CASE model WHEN 'bgnbd' THEN 'bg/nbd' ELSE 'mbg/nbd' END, ARRAY[r, alpha, a, b]::double precision[]) AS model,
	frequency::double precision AS x, recency::double precision AS tx, "T"::double precision AS age, t::double precision AS h, loglik, p_alive, expected_purchases, unconditional_expected, suggested_rel_tol::double precision AS tolerance FROM grid
UNION ALL SELECT model, hand_made('pareto/nbd', ARRAY[r, alpha, s, beta]::double precision[]), frequency::double precision, recency::double precision, "T"::double precision, t::double precision, loglik, p_alive, expected_purchases, unconditional_expected, suggested_rel_tol::double precision FROM pgrid;
END
    for my $name (qw(bgnbd mbgnbd pnbd))
    {
      my $over = "FROM point WHERE name = '$name'";
      # of a logarithm near 0 the likelihood itself has the digits
      within("SELECT count(loglik), max(abs(ltv_log_likelihood(model, x, tx, age) - loglik::double precision) / (tolerance * greatest(1, abs(loglik::double precision)))) $over", "$name, log-likelihood");
      within("SELECT count(p_alive), max(misses(ltv_p_alive(model, x, tx, age), p_alive, tolerance)) $over", "$name, P(alive)");
      within("SELECT count(expected_purchases), max(misses(ltv_expected_orders(model, x, tx, age, h), expected_purchases, tolerance)) $over", "$name, expected orders");
      within("SELECT count(unconditional_expected), max(misses(ltv_expected_orders(model, 0, 0, 0, h), unconditional_expected, tolerance)) $over", "$name, expected orders of a new customer");
      # there is no reference for these two; but they are probabilities, and order as they must
      is(must("SELECT bool_and(ltv_p_order_within(model, x, tx, age, h) BETWEEN 0 AND least(ltv_p_alive(model, x, tx, age), ltv_expected_orders(model, x, tx, age, h)) * (1 + 1e-9)) $over"),
        't', "$name, an order within the horizon is not more likely than to be alive, nor than orders are expected");
    }
    within('SELECT count(*), max(abs(ltv_log_likelihood(m, x, z) - loglik::double precision) / (1e-11 * greatest(1, abs(loglik::double precision)))) FROM (SELECT hand_made(\'gamma-gamma\', ARRAY[p, q, v]::double precision[]) AS m, frequency::double precision AS x, monetary_value::double precision AS z, loglik FROM ggrid WHERE frequency::numeric > 0 AND loglik IS NOT NULL) AS g',
      'Gamma-Gamma, log-likelihood');
    # where p x + q <= 1 there is no mean, and the answer is NULL
    is(must('SELECT bool_and((ltv_expected_order_value(hand_made(\'gamma-gamma\', ARRAY[p, q, v]::double precision[]), frequency::double precision, monetary_value::double precision) IS NULL) = (p::numeric * frequency::numeric + q::numeric <= 1)) FROM ggrid'), 't', 'Gamma-Gamma, no mean');
    within('SELECT count(*), max(misses(ltv_expected_order_value(hand_made(\'gamma-gamma\', ARRAY[p, q, v]::double precision[]), frequency::double precision, monetary_value::double precision), expected_value, 1e-12)) FROM ggrid WHERE p::numeric * frequency::numeric + q::numeric > 1',
      'Gamma-Gamma, expected amount');
  };

  my $cdnow = decode_json(slurp("$reference/cdnow_sample_fits.json"));
  subtest 'CDNOW, fits' => sub {
    load('cdnow', "$data/cdnow_sample.csv", 'text', order_date => 'date', ordered_on => 'date', amount => 'numeric', quantity => 'integer');
    must(<<'END');
DO $$ BEGIN ALTER TABLE cdnow RENAME order_date TO ordered_on; EXCEPTION WHEN undefined_column THEN END $$;
CREATE TABLE cdnow_history AS SELECT customer_id, ltv_history(ordered_on, amount) AS h FROM cdnow GROUP BY customer_id;
END
    load('cdnow_summary', "$reference/cdnow_sample_summary.csv", 'double precision', customer_id => 'text');
    is(must(<<'END'), '2357|t', 'ltv_model_input');
SELECT count(*), bool_and(i.frequency = s.frequency AND abs(i.recency * 7 - recency_days) < 1e-9 AND abs(i.t * 7 - "T_days") < 1e-9 AND abs(i.monetary - s.monetary_value) < 1e-9)
FROM cdnow_history AS c, ltv_model_input(h, '1997-09-30') AS i, cdnow_summary AS s WHERE s.customer_id::integer = c.customer_id::integer
END
    for my $key (qw(bgnbd mbgnbd pnbd gg))
    {
      my $want = $cdnow->{fits}{$key};
      fit("$kind{$key}, histories", "ltv_fit(h, '1997-09-30', '$kind{$key}') FROM cdnow_history", $key, $want);
      fit("$kind{$key}, summaries", $key eq 'gg' ? "ltv_fit(frequency, monetary_value, 'gamma-gamma') FROM cdnow_summary"
        : "ltv_fit(frequency, recency_days / 7, \"T_days\" / 7, '$kind{$key}') FROM cdnow_summary", $key, $want);
    }
    # nobody orders CDs in a rhythm: k is 1, and every digit that of the model without one
    is(must("SELECT string_agg(((r).regularity = 1 AND (r).parameters = (p).parameters AND (r).log_likelihood = (p).log_likelihood AND (r).covariance = (p).covariance)::text, ' ') FROM (SELECT ltv_fit(h, '1997-09-30', form || 'cnbd') AS r, ltv_fit(h, '1997-09-30', form || 'nbd') AS p FROM cdnow_history, unnest(ARRAY['bg/', 'mbg/']) AS form GROUP BY form) AS f"),
      'true true', 'CDNOW has a regularity of 1');
    is(must("SELECT (ltv_fit(h, '1997-09-30', 'gamma-gamma')).customers FROM cdnow_history") + must("SELECT count(*) FROM cdnow_summary WHERE frequency > 0 AND monetary_value = 0"), 946, 'Gamma-Gamma: repeat customers');
  };

  # 14 digits, at the parameters of the reference
  my $predictions = sub {
    my ($table, $fits, $weeks, @keys) = @_;
    my $gg = 'hand_made(\'gamma-gamma\', ARRAY[' . join(', ', map { "$fits->{gg}{prediction_params}{$_}" } qw(p q v)) . '])';
    within("SELECT count(*), max(misses(ltv_expected_order_value($gg, frequency, monetary_value), gg_exp_value::text, 1e-12)) FROM $table", "$table, order value");
    for my $key (@keys)
    {
      my $model = "hand_made('$kind{$key}', ARRAY[" . join(', ', map { $fits->{$key}{prediction_params}{$_} } @{ $names{$key} }) . '])';
      my $past = 'frequency, recency_days / 7, "T_days" / 7';
      within("SELECT count(*), max(misses(ltv_p_alive($model, $past), ${key}_p_alive::text, 1e-11)) FROM $table", "$table, $key, P(alive)");
      within("SELECT count(*), max(misses(ltv_expected_orders($model, $past, $_), ${key}_exp_${_}w::text, 1e-11)) FROM $table", "$table, $key, orders of $_ weeks") for @$weeks;
      # orders of a month of 4.345 weeks, at 1 % a month
      within("SELECT count(*), max(misses(clv, want::text, 1e-10)) FROM (SELECT ${key}_clv12 AS want, gg_exp_value * (SELECT sum((ltv_expected_orders($model, $past, 4.345 * i) - ltv_expected_orders($model, $past, 4.345 * (i - 1))) / 1.01 ^ i) FROM generate_series(1, 12) AS i) AS clv FROM $table) AS s",
        "$table, $key, value of 12 months");
    }
  };
  subtest 'CDNOW, predictions' => sub {
    load('cdnow_predictions', "$reference/cdnow_sample_predictions.csv", 'double precision', customer_id => 'text');
    $predictions->('cdnow_predictions', $cdnow->{fits}, [ 1, 4, 13, 26, 39, 52 ], qw(bgnbd mbgnbd pnbd));
  };

  subtest 'a shop whose customers hardly leave' => sub {
    my $fits = decode_json(slurp("$reference/online_retail_full_fits.json"))->{fits};
    load('retail', "$reference/online_retail_full_summary.csv", 'double precision', customer_id => 'text');
    fit("$kind{$_}, nearly flat", "ltv_fit(frequency, recency_days / 7, \"T_days\" / 7, '$kind{$_}') FROM retail", $_, $fits->{$_}) for qw(bgnbd mbgnbd);
    fit('amounts of wholesale', q{ltv_fit(frequency, monetary_value, 'gamma-gamma') FROM retail}, 'gg', $fits->{gg});
    load('retail_predictions', "$reference/online_retail_full_predictions.csv", 'double precision', customer_id => 'text');
    $predictions->('retail_predictions', $fits, [ 1, 4, 13, 26, 52 ], qw(bgnbd mbgnbd));

    # Pareto/NBD has no maximum there; to 2011-08-31 none of the three has
    load('retail_08', "$reference/online_retail_summary.csv", 'double precision', customer_id => 'text');
    my $full = decode_json(slurp("$reference/online_retail_full_no_dropout_limit.json"));
    my $until = decode_json(slurp("$reference/online_retail_no_dropout_limit.json"));
    for my $case ([ 'retail', 'pnbd', $full, 52, 'sum_expected_52w' ], map { [ 'retail_08', $_, $until, 14, 'sum_expected_14w' ] } qw(bgnbd mbgnbd pnbd))
    {
      my ($table, $key, $want, $weeks, $sum) = @$case;
      my $past = 'frequency, recency_days / 7, "T_days" / 7';
      my @f = split /\|/, must("SELECT (m).note, (m).converged, (m).log_likelihood, (m).parameters[1], (m).parameters[2], (m).parameters[3], (m).standard_errors[1], (m).standard_errors[2], (SELECT sum(ltv_expected_orders(m, $past, $weeks)) FROM $table), (SELECT min(ltv_p_alive(m, $past)) FROM $table) FROM (SELECT ltv_fit($past, '$kind{$key}') AS m FROM $table) AS f");
      like($f[0], qr/^limit: nobody leaves/, "$table, $key: the note says that nobody leaves");
      is($f[1], 't', "$table, $key: converged");
      near($f[2], $want->{loglik}, 1e-8, "$table, $key: log-likelihood of the limit");
      near($f[3], $want->{params}{r}, 1e-6, "$table, $key: r");
      near($f[4], $want->{params}{alpha}, 1e-5, "$table, $key: alpha");
      is($f[5], 0, "$table, $key: no leaving");
      near($f[6], $want->{std_err}{r}, 1e-4, "$table, $key: standard error of r");
      near($f[7], $want->{std_err}{alpha}, 1e-4, "$table, $key: standard error of alpha");
      near($f[8], $want->{$sum}, 1e-4, "$table, $key: expected orders of all");
      is($f[9], 1, "$table, $key: everybody is alive");
    }
    fit('amounts to 2011-08-31', q{ltv_fit(frequency, monetary_value, 'gamma-gamma') FROM retail_08}, 'gg', decode_json(slurp("$reference/online_retail_fits.json"))->{fits}{gg});
  };

  subtest 'ltv_predict and ltv_validate over the orders of CDNOW' => sub {
    # the horizon of the reference is 39 weeks, as of 1997-09-30; its predictions are at the optimum to 12 digits
    within(<<'END', 'expected orders and P(alive)');
SELECT count(*), max(greatest(misses(p.expected_orders, r.bgnbd_exp_39w::text, 1e-7), misses(p.p_alive, r.bgnbd_p_alive::text, 1e-7), misses(p.expected_order_value, r.gg_exp_value::text, 1e-7)))
FROM ltv_predict('cdnow', '1997-09-30', NULL::text, 273, 'bg/nbd') AS p JOIN cdnow_predictions AS r ON r.customer_id::integer = p.customer_id::integer
END
    is(must("SELECT customers || ' ' || actual_orders || ' ' || round(expected_orders::numeric, 6) FROM ltv_validate('cdnow', '1998-06-30', '1997-09-30', 'bg/nbd') WHERE repeat_orders = 'all'"), '2357 1882 1653.408698', 'holdout, totals');
    is(must(<<'END'), 't', 'holdout, per class');
SELECT bool_and(v.customers = s.customers AND v.actual_orders = s.actual) FROM ltv_validate('cdnow', '1998-06-30', '1997-09-30', 'pareto/nbd') AS v
JOIN (SELECT CASE WHEN frequency < 7 THEN frequency::text ELSE '7+' END AS repeat_orders, count(*) AS customers, sum(frequency_holdout) AS actual FROM cdnow_summary GROUP BY 1) AS s USING (repeat_orders)
END
  };

  subtest 'a million customers' => sub {
    plan skip_all => 'no patterns in ../shared/data' unless -r "$data/synthetic_1m_patterns.csv.gz";
    load('million', "$data/synthetic_1m_patterns.csv.gz", 'integer');
    my $want = decode_json(slurp("$reference/synthetic_1m_fits.json"));
    my $past = 'frequency, recency_days / 7.0::double precision, "T_days" / 7.0::double precision';
    for my $key (qw(bgnbd mbgnbd))
    {
      # the reference has 10 digits
      fit($kind{$key}, "ltv_fit($past, '$kind{$key}', n_customers) FROM million", $key, { %{ $want->{$key} }, digits => 2e-5 });
      my ($orders, $alive) = split /\|/, must("SELECT sum(n_customers * ltv_expected_orders(m, $past, 39)), sum(n_customers * ltv_p_alive(m, $past)) FROM million, (SELECT ltv_fit($past, '$kind{$key}', n_customers) AS m FROM million) AS f");
      near($orders, $want->{$key}{sum_expected_39w}, 0.05, "$kind{$key}: expected orders of all");
      near($alive, $want->{$key}{sum_p_alive}, 0.05, "$kind{$key}: alive");
    }
    # another tool's best so far
    my ($log_likelihood, $customers) = split /\|/, must("SELECT (m).log_likelihood, (m).customers FROM (SELECT ltv_fit($past, 'pareto/nbd', n_customers) AS m FROM million) AS f");
    near($log_likelihood, -5261103.323, 0.01, 'pareto/nbd: log-likelihood');
    is($customers, 1000000, 'pareto/nbd: customers');

    # a fit alone, without the pass over the rows before it
    must(<<"END");
CREATE AGGREGATE fit_state(double precision, double precision, double precision, text, bigint) (SFUNC = ltv_fit_accum, STYPE = bytea);
CREATE TABLE state AS SELECT fit_state($past, 'pareto/nbd', n_customers) AS state FROM million;
END
    stops_on(\&must);
    stops_early('a fit', 'SELECT ltv_fit_final(state) FROM state', 10, 40);
    is(must('SELECT (ltv_fit_final(state)).converged FROM state'), 't', 'and can be run again');
  };
}

# What a forecast promises: its 95 % interval holds what happens in 90 to 98 of 100 shops.  Customers are simulated as the model
# says, to whole days, over the time known and the half year after it.
my $seed = 20240229;
srand $seed;
sub gauss { return sqrt(-2 * log(1 - rand)) * cos(6.283185307179586 * rand); }

sub gamma_variate    # Marsaglia and Tsang 2000
{
  my ($shape) = @_;
  return gamma_variate($shape + 1) * (1 - rand)**(1 / $shape) if $shape < 1;
  my $d = $shape - 1 / 3;
  while (1)
  {
    my $x = gauss();
    my $v = (1 + $x / sqrt(9 * $d))**3;
    return $d * $v if $v > 0 && log(1 - rand) < 0.5 * $x * $x + $d - $d * $v + $d * log($v);
  }
}

# The order days of a customer, from 0 to the end, in days.
sub order_days
{
  my ($key, $end) = @_;
  my $rate = gamma_variate(1.2) / 16 / 7;
  my ($leave, $life) = (0, 1e9);
  if ($key eq 'pnbd') { $life = -log(1 - rand) / (gamma_variate(0.9) / 20 / 7 + 1e-12); }
  else { my $x = gamma_variate(0.9); $leave = $x / ($x + gamma_variate(2.7)); }
  my @days = (0);
  my $at = 0;
  return @days if $key eq 'mbgnbd' && rand() < $leave;
  while (1)
  {
    $at -= log(1 - rand) / $rate;
    last if $at > $end || $at > $life;
    push @days, 1 + int($at);
    last if rand() < $leave;
  }
  return @days;
}

subtest "the interval of a forecast, over simulated shops (seed $seed)" => sub {
  my $folder = tempdir(CLEANUP => 1);
  my $horizon = 182;
  for my $case ([ 'bgnbd', 500 ], [ 'mbgnbd', 200 ], [ 'pnbd', 200 ])
  {
    my ($key, $shops) = @$case;
    open my $out, '>', "$folder/$key" or die "cannot write: $!\n";
    for my $shop (1 .. $shops)
    {
      for my $customer (1 .. 400)
      {
        my $known = 200 + int(rand 300);
        # day 0 is as_of
        print {$out} join("\t", $shop, $customer, $_ - $known), "\n" for order_days($key, $known + $horizon);
      }
    }
    close $out or die "cannot write: $!\n";
    my ($held, $of, $bias) = split /\|/, must(<<"END");
CREATE TABLE ${key}_order (shop integer, customer integer, day integer);
\\copy ${key}_order FROM '$folder/$key'
CREATE TABLE ${key}_customer AS SELECT shop, customer, ltv_history(date '2024-01-01' + day, 1) AS h FROM ${key}_order GROUP BY shop, customer;
CREATE TABLE ${key}_fit AS SELECT shop, ltv_fit(h, '2024-01-01', '$kind{$key}') AS model FROM ${key}_customer GROUP BY shop;
SELECT count(*) FILTER (WHERE actual BETWEEN (f).expected_orders_low AND (f).expected_orders_high), count(*), avg((actual - (f).expected_orders) / (f).standard_error)
FROM (SELECT shop, ltv_forecast(model, h, '2024-01-01', $horizon) AS f, sum(coalesce((ltv_model_input(h, date '2024-01-01' + $horizon)).frequency - (ltv_model_input(h, '2024-01-01')).frequency, 0)) AS actual
	FROM ${key}_customer JOIN ${key}_fit USING (shop) GROUP BY shop) AS forecast
END
    is($of, $shops, "$kind{$key}: a forecast of each shop");
    my $share = $held / $shops;
    ok($share >= 0.90 && $share <= 0.98, sprintf('%s: the interval holds in %.1f %% of %d shops', $kind{$key}, 100 * $share, $shops)) or diag("bias $bias standard errors");
    # no leaning to one side: the mean of so many standard normal numbers
    ok(abs($bias) < 0.3, sprintf('%s: bias of %.2f standard errors', $kind{$key}, $bias));
  }
};

done_testing;

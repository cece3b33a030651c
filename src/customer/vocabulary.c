/*
 * vocabulary.c: the Japanese words of the trade for what functions and their
 * columns are called, which ltv_catalog shows.  One name is one figure, so a
 * name has one word, whatever report it stands in.
 */
#include "base/compat.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"

/* In UTF-8. */
typedef struct Word
{
	const char *name;
	const char *japanese;
} Word;

static const Word functions[] = {
	{"ltv_acquisition", "媒体別の獲得効率"},
	{"ltv_active_months", "在籍月数"},
	{"ltv_annual", "年間LTV (計画)"},
	{"ltv_average_order_value", "客単価"},
	{"ltv_backtest", "予測の検証 (過去の各時点)"},
	{"ltv_baskets", "併売分析"},
	{"ltv_bundle", "セット割"},
	{"ltv_campaigns", "施策の検証"},
	{"ltv_cancellations", "解約率"},
	{"ltv_check", "受注データの検査"},
	{"ltv_cohorts", "コホート分析"},
	{"ltv_contacts", "顧客接触回数"},
	{"ltv_cost", "原価"},
	{"ltv_cpm", "顧客ポートフォリオ (CPM)"},
	{"ltv_cpm_groups", "CPM集計"},
	{"ltv_cpo", "CPO"},
	{"ltv_customer_summary", "顧客別集計"},
	{"ltv_days_since_last", "経過日数"},
	{"ltv_deciles", "デシル分析"},
	{"ltv_deliveries", "定期回数別残存率"},
	{"ltv_economics", "ユニットエコノミクス"},
	{"ltv_effect", "施策の効果"},
	{"ltv_effect_customers", "効果の検証に必要な人数"},
	{"ltv_equity", "顧客資産 (着地見込み)"},
	{"ltv_expected_deliveries", "今後のお届け回数"},
	{"ltv_expected_order_value", "予測客単価"},
	{"ltv_expected_orders", "予測購入回数"},
	{"ltv_first_order", "初回購入日"},
	{"ltv_free_shipping", "送料無料ライン"},
	{"ltv_funnel", "引き上げ"},
	{"ltv_gross_profit", "粗利"},
	{"ltv_growth", "優良化"},
	{"ltv_history", "購入履歴"},
	{"ltv_holdout", "対照群の抽選"},
	{"ltv_is_repeater", "リピーター"},
	{"ltv_item_flow", "商品遷移"},
	{"ltv_keep", "履歴の保持"},
	{"ltv_kpis", "KPI"},
	{"ltv_labels", "クーポン・商品・チャネル別の注文"},
	{"ltv_last_contact", "最終接触日"},
	{"ltv_last_order", "最終購入日"},
	{"ltv_levers", "六要素の改善効果"},
	{"ltv_lifetime", "LTV (六要素)"},
	{"ltv_loyal_chance", "優良化の見込み"},
	{"ltv_max_cpo", "限界CPO"},
	{"ltv_mean_interval_days", "平均購入間隔"},
	{"ltv_member_rank", "会員ランク"},
	{"ltv_next_order", "次回購入日"},
	{"ltv_nth_order", "n回目の購入日"},
	{"ltv_orders", "購入回数"},
	{"ltv_overview", "店全体のKPI"},
	{"ltv_p_alive", "継続確率"},
	{"ltv_payback", "投資回収"},
	{"ltv_periods", "期間別推移 (新規とリピート)"},
	{"ltv_plan", "商品計画"},
	{"ltv_policy", "段階の基準"},
	{"ltv_predict", "購買予測"},
	{"ltv_profit", "利益"},
	{"ltv_quantity", "購入個数"},
	{"ltv_refunded", "返金額"},
	{"ltv_repeat_rate", "リピート率"},
	{"ltv_retention_cost", "顧客維持費"},
	{"ltv_revenue", "累計購入金額"},
	{"ltv_rfm", "RFM分析"},
	{"ltv_rollup", "履歴の合算"},
	{"ltv_silences", "休眠からの復帰率"},
	{"ltv_stage", "顧客の段階"},
	{"ltv_stage_flow", "段階の移り変わり"},
	{"ltv_stages", "段階別集計"},
	{"ltv_steps", "F2転換率とその先"},
	{"ltv_suggest_policy", "休眠・離脱の基準日数"},
	{"ltv_summarize", "1人の顧客の集計"},
	{"ltv_validate", "予測の検証"},
	{"ltv_windows", "初回からの期間別LTV"},
};

static const Word columns[] = {
	{"active", "購入した顧客数"},
	{"active_months", "在籍月数"},
	{"annual_customers", "年間購入顧客数"},
	{"annual_orders", "年間購入回数"},
	{"annual_orders_per_customer", "1人あたり年間購入回数"},
	{"annual_quantity", "年間購入個数"},
	{"annual_revenue", "年間購入金額"},
	{"annual_revenue_per_customer", "年間LTV"},
	{"average_order_value", "客単価"},
	{"benchmark_customers", "優良の基準を満たす顧客数"},
	{"break_even_orders", "損益分岐の年間購入回数"},
	{"cancel_rate", "解約率"},
	{"churn", "離脱率"},
	{"churn_risk", "離脱確率"},
	{"churned_customers", "離脱顧客数"},
	{"cohort", "初回購入期"},
	{"confidence", "併売率"},
	{"contribution_per_customer", "1人あたり貢献利益"},
	{"cost_per_lead", "CPA"},
	{"cost_per_new_customer", "新規獲得単価"},
	{"cpo", "CPO"},
	{"cumulative_gross_profit", "累計粗利"},
	{"cumulative_revenue", "累計売上"},
	{"cumulative_share", "累計構成比"},
	{"customer_id", "顧客ID"},
	{"customers", "顧客数"},
	{"days_since_last_order", "経過日数"},
	{"decile", "デシル"},
	{"dormant_customers", "休眠顧客数"},
	{"expected_order_value", "予測客単価"},
	{"expected_orders", "予測購入回数"},
	{"f2_rate", "F2転換率"},
	{"first_item", "初回購入商品"},
	{"first_order", "初回購入日"},
	{"first_roas", "初回ROAS"},
	{"gross_margin", "粗利率"},
	{"gross_profit", "粗利"},
	{"gross_profit_per_customer", "1人あたり粗利"},
	{"guest_orders", "ゲスト注文数"},
	{"is_repeater", "リピーター"},
	{"last_item", "最終購入商品"},
	{"last_order", "最終購入日"},
	{"leads", "見込客数"},
	{"loyal_chance", "優良化の見込み"},
	{"ltv", "LTV"},
	{"max_cpo", "限界CPO"},
	{"mean_interval_days", "平均購入間隔"},
	{"meets_benchmark", "優良の基準を満たす"},
	{"new_customers", "新規顧客数"},
	{"new_revenue", "新規売上"},
	{"next_order_on", "次回購入日"},
	{"next_rate", "次への転換率"},
	{"orders", "注文数"},
	{"orders_per_customer", "1人あたり購入回数"},
	{"p_alive", "継続確率"},
	{"payback_months", "投資回収期間"},
	{"period_repeat_rate", "期間のリピート率"},
	{"predicted_value", "予測LTV"},
	{"profit", "利益"},
	{"quantity", "購入個数"},
	{"rate_from_first", "初回からの転換率"},
	{"recency_days", "経過日数"},
	{"refunded", "返金額"},
	{"repeat_rate", "リピート率"},
	{"repeater_share", "リピーター率"},
	{"repeaters", "リピーター数"},
	{"residual_rate", "残存率"},
	{"retention", "継続率"},
	{"retention_cost", "顧客維持費"},
	{"return_rate", "復帰率"},
	{"returning_customers", "既存顧客数"},
	{"returning_revenue", "リピート売上"},
	{"returning_share", "既存顧客比率"},
	{"revenue", "売上"},
	{"revenue_per_customer", "1人あたりLTV"},
	{"roas", "ROAS"},
	{"roi", "ROI"},
	{"share", "構成比"},
	{"stage", "段階"},
	{"step", "ステップ"},
	{"top_item", "最多購入商品"},
	{"unit_price", "商品単価"},
	{"upgrade_rate", "引き上げ率"},
};

/* Whether the database has the characters: what has not shows no word at all rather than an error for the whole catalog. */
static bool
has_japanese(int encoding)
{
	return encoding == PG_UTF8 || encoding == PG_EUC_JP || encoding == PG_EUC_JIS_2004 || encoding == PG_SQL_ASCII;
}

static const char *
word_for(const Word *words, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(words[i].name, name) == 0)
			return words[i].japanese;
	return NULL;
}

PG_FUNCTION_INFO_V1(ltv_catalog_term);

/* (name of a function, or of a column) */
Datum
ltv_catalog_term(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	const char *word = word_for(functions, lengthof(functions), name);

	if (word == NULL)
		word = word_for(columns, lengthof(columns), name);
	if (word == NULL || !has_japanese(GetDatabaseEncoding()))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(pg_any_to_server(word, (int) strlen(word), PG_UTF8)));
}

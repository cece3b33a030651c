/*
 * contracts.h: a relation of contracts, joined to the orders under them.
 */
#ifndef LTV_CONTRACTS_H
#define LTV_CONTRACTS_H

#include "base/compat.h"

#include "utils/date.h"

#include "orders/further.h"
#include "orders/relation.h"

typedef enum ContractColumn
{
	CONTRACT_ID,
	CONTRACT_STARTED,
	CONTRACT_ENDED,
	CONTRACT_INTERVAL,
	CONTRACT_COLUMNS
} ContractColumn;

/* What such a relation says of a contract. */
typedef struct ContractTerms
{
	bool		ends;
	DateADT		ended_on;		/* where it ends */
	int32		interval_days;	/* 0 where it is not said */
} ContractTerms;

extern void contracts_open(Oid relid, FurtherRelation *relation);
extern void contracts_join(Oid relid, OrdersRelation *orders);
extern ContractTerms contract_terms(const struct varlena *item);

#endif							/* LTV_CONTRACTS_H */

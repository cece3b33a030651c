// Runs queries in DuckDB for test/bench/run: one command per line on standard input, one answer per line.
//   load CSV          reads the exported orders into a table; answers milliseconds
//   load_main CSV     reads the exported lines of the main shop; answers milliseconds
//   load_by CSV       reads the exported orders with their medium and campaign; answers milliseconds
//   load_lines CSV    reads the exported lines of orders; answers milliseconds
//   time FILE         runs the query in the file and takes every row of its result; answers milliseconds
//   write FILE OUT    writes the result as lines of fields parted by |, as psql -At does; answers 0
// Arguments: the folder where @duckdb/node-api is installed, as_of, the day a year before it.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, asOf, yearBefore] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(join(folder, 'package.json'))('@duckdb/node-api');
const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
const connection = await instance.connect();
const [version] = (await connection.runAndReadAll('SELECT version()')).getRows()[0];

const sqlOf = (file) => readFileSync(file, 'utf8').replaceAll(":'as_of'", `'${asOf}'`).replaceAll(":'year_before'", `'${yearBefore}'`);

// The rows are taken in DuckDB's own chunks and not looked at: count() over the query would let its optimizer leave out columns.
async function takeAll(sql) {
	const result = await connection.stream(sql);
	for (;;) {
		const chunk = await result.fetchChunk();
		if (!chunk || chunk.rowCount === 0) return;
	}
}

const orders = "'customer_id': 'BIGINT', 'ordered_on': 'DATE', 'amount': 'DECIMAL(12,0)', 'quantity': 'INTEGER', 'cost': 'DECIMAL(12,0)'";
const loadTable = (table, csv, columns) =>
	takeAll(`CREATE OR REPLACE TABLE ${table} AS SELECT * FROM read_csv('${csv}', header = false, columns = {${columns}})`);

const commands = {
	load: (csv) => loadTable('shop_orders', csv, orders),
	load_main: (csv) => loadTable('main_shop', csv, orders.replace("'BIGINT',", "'UUID', 'order_id': 'BIGINT',")),
	load_by: (csv) => loadTable('shop_by', csv, `${orders}, 'medium': 'VARCHAR', 'campaign': 'VARCHAR'`),
	load_lines: (csv) => loadTable('shop_lines', csv, orders.replace(',', ", 'order_id': 'BIGINT',") + ", 'item': 'VARCHAR'"),
	time: (file) => takeAll(sqlOf(file)),
	write: (file, out) => takeAll(`COPY (${sqlOf(file)}) TO '${out}' (FORMAT csv, DELIMITER '|', HEADER false)`),
};

console.log(version);
for await (const line of createInterface({ input: process.stdin })) {
	const [name, ...words] = line.split(' ');
	const start = process.hrtime.bigint();
	try {
		await commands[name](...words);
		console.log(name === 'write' ? 0 : Number(process.hrtime.bigint() - start) / 1e6);
	} catch (error) {
		console.log(`failed: ${String(error.message).replaceAll('\n', ' ')}`);
	}
}
process.exit(0);

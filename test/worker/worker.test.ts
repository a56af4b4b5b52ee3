import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { Engine, type Node } from "php-parser";
import { z } from "zod";
import { WORKER_ERROR_CODES } from "../../provider/worker/errorCodes";
import { PROTOCOL_VERSION, type Verb, verbs, WORKER_ARGUMENTS } from "../../provider/worker/protocol";
import { workerSource } from "../../provider/worker/source";
import { skip } from "../support/skip";

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- php-parser types hardly any field of its nodes
type Tree = Node & Record<string, any>;

/** The worker as a PHP of this version reads it. */
function parse(version: string): Tree {
  const engine = new Engine({ parser: { version, suppressErrors: false } });
  return engine.parseCode(`<?php ${workerSource()}`, "worker.php");
}

/** Every node below, the given one included, of one kind. */
function nodes(tree: unknown, kind: string): Tree[] {
  if (Array.isArray(tree)) return tree.flatMap((each) => nodes(each, kind));
  if (typeof tree !== "object" || tree === null) return [];
  const below = Object.values(tree).flatMap((value) => nodes(value, kind));
  return (tree as Tree).kind === kind ? [tree as Tree, ...below] : below;
}

/** What is called, as it is written: a function, or a method of `$this` or of what it holds (`$this->facts->rows`). */
function callee({ what }: Tree): string {
  const written = (expression: Tree): string => {
    if (expression.kind === "propertylookup") return `${written(expression.what)}->${expression.offset.name}`;
    return expression.kind === "variable" ? `$${expression["name"]}` : "";
  };
  return what.kind === "name" ? what.name : written(what);
}

/** Text that nothing but the source decides: literals, constants of the class, and both put together. */
function isConstant(expression: Tree | undefined): boolean {
  if (!expression) return true;
  if (expression.kind === "bin") return isConstant(expression.left) && isConstant(expression.right);
  if (expression.kind === "staticlookup") return expression.offset.kind === "identifier";
  return ["string", "nullkeyword", "number"].includes(expression.kind);
}

/** A literal array as a JavaScript value. */
function valueOf(expression: Tree): unknown {
  if (expression.kind !== "array") return expression.value;
  return Object.fromEntries(expression.items.map((item: Tree) => [item.key.value, valueOf(item.value)]));
}

describe("the PHP worker", () => {
  const tree = parse("5.6");
  const classNamed = (name: string) => nodes(tree, "class").find((each) => each.name.name === name) as Tree;
  const session = classNamed("AegirAccessSession");

  it("is sent without its opening tag, and ends with no closing one (trap 18)", () => {
    assert.doesNotMatch(workerSource(), /<\?|\?>/);
    assert.match(workerSource(), /->run\(\);\s*$/);
  });

  it("is started by one line with no data, no single quote, and no option that swallows its answers (traps 18, 20)", () => {
    assert.doesNotMatch(WORKER_ARGUMENTS, /['$`\\\n]|\s(--backend|-b|--quiet|-q|--pipe|-p)\b/);
  });

  it("works as the first user, who is the author of what it makes (trap 9)", () => {
    assert.match(WORKER_ARGUMENTS, /^--user=1 /);
    const authors = nodes(tree, "assign").filter(
      ({ left }) => left.kind === "propertylookup" && left.offset.name === "uid",
    );
    assert.deepEqual(
      authors.map(({ right }) => Number(right.value)),
      [1],
    );
  });

  it("takes the time when it is needed, not when its process began (traps 27, 28)", () => {
    const constants = nodes(tree, "name").map(({ name }) => name as unknown as string);
    assert.ok(constants.includes("PHP_VERSION"), "constants are seen");
    assert.ok(!constants.includes("REQUEST_TIME"));
    const answer = nodes(session, "method").find(({ name }) => name.name === "answer");
    assert.ok(nodes(answer, "call").some((call) => callee(call) === "time"));
  });

  it("is syntax of PHP 5.6 to 8.3", () => {
    for (const version of ["5.6", "7.0", "7.4", "8.0", "8.3"]) parse(version);
    // What the parser lets pass as 5.6 and PHP does not.
    for (const { type, nullable, arguments: parameters } of [...nodes(tree, "method"), ...nodes(tree, "closure")]) {
      assert.deepEqual([type, nullable], [null, false]);
      for (const parameter of parameters as Tree[]) {
        assert.equal(parameter.nullable, false);
        assert.ok(
          parameter.type === null || /^(array|AegirAccessFacts)$/.test(parameter.type.name),
          `${parameter.name.name} has a type`,
        );
      }
    }
    assert.ok(nodes(tree, "classconstant").every(({ visibility }) => !visibility));
    assert.ok(nodes(tree, "catch").every(({ what }) => what.length === 1));
    assert.deepEqual(
      nodes(tree, "list").filter(({ shortForm }) => shortForm),
      [],
    );
  });

  it("compiles where there is a php", function () {
    const php = spawnSync("php", ["-l"], { input: `<?php ${workerSource()}`, encoding: "utf8" });
    if (php.error) return skip(this, "whether the PHP worker compiles", "apt-get install php-cli");
    assert.equal(php.status, 0, php.stdout);
  });

  it("speaks the version, and knows the verbs and arguments, of protocol.ts", () => {
    const version = nodes(session, "constant").find(({ name }) => name.name === "PROTOCOL");
    assert.equal(Number(version?.["value"].value), PROTOCOL_VERSION);
    const property = nodes(session, "property").find(({ name }) => name.name === "verbs");
    const table = valueOf(property?.["value"]) as Record<string, { write: boolean; args: Record<string, unknown> }>;
    assert.deepEqual(Object.keys(table).sort(), Object.keys(verbs).sort());
    const publicMethods = (name: string) =>
      nodes(classNamed(name), "method")
        .filter(({ visibility }) => visibility === "public")
        .map((method) => method.name.name as string)
        .sort();
    const writes = Object.keys(table).filter((verb) => table[verb]?.write);
    assert.deepEqual(publicMethods("AegirAccessWrites"), ["__construct", ...writes, "withWelcome"].sort());
    const reads = Object.keys(table).filter((verb) => verb !== "hello" && !writes.includes(verb));
    assert.deepEqual(publicMethods("AegirAccessReads"), ["__construct", ...reads].sort());
    for (const [verb, { write, args }] of Object.entries(table)) {
      assert.equal(write, verbs[verb as Verb].write, verb);
      assert.deepEqual(args, shapeOf(verbs[verb as Verb].args), verb);
    }
  });

  it("answers with every error code of protocol.ts and no other", () => {
    const thrown = nodes(tree, "new")
      .filter(({ what }) => what.name === "AegirAccessRefusal")
      .map(({ arguments: [code] }) => (code as Tree)["value"] as string);
    const failure = nodes(session, "method").find(({ name }) => name.name === "failure");
    const mapped = nodes(failure, "assign")
      .filter(({ left }) => left.name === "code")
      .flatMap(({ right }) => nodes(right, "string").map(({ value }) => value as string));
    assert.deepEqual([...new Set([...thrown, ...mapped])].sort(), [...WORKER_ERROR_CODES].sort());
  });

  it("writes SQL from constants alone; data is bound", () => {
    for (const method of nodes(tree, "method")) {
      const isSql = (sql: Tree) => {
        const values = nodes(method.body, "assign").filter(
          ({ left }) => sql.kind === "variable" && left.name === sql["name"],
        );
        return isConstant(sql) || (values.length > 0 && values.every(({ right }) => isConstant(right)));
      };
      for (const call of nodes(method.body, "call")) {
        // rows() itself puts together what its callers, seen here, pass as constants.
        if (callee(call) === "db_query" && method.name.name !== "rows") {
          assert.ok(isSql(call.arguments[0]), method.name.name);
        }
        if (!/^\$this->(facts->)?rows$/.test(callee(call))) continue;
        const [sql, column, , end] = call.arguments as Tree[];
        assert.ok(isSql(sql as Tree), method.name.name);
        assert.ok(isConstant(column), method.name.name);
        assert.ok(isConstant(end), method.name.name);
      }
    }
  });

  it("neither ends the process, nor sets a variable of the server, nor evaluates or runs anything (traps 9, 18, 26, 31)", () => {
    assert.deepEqual([...nodes(tree, "exit"), ...nodes(tree, "eval")], []);
    const forbidden =
      /^(variable_set|variable_del|node_access_rebuild|user_delete|user_cancel|exec|system|passthru|shell_exec|popen|proc_open|call_user_func.*|file_put_contents|unlink)$/;
    assert.deepEqual(
      nodes(tree, "call")
        .map(callee)
        .filter((name) => forbidden.test(name)),
      [],
    );
  });
});

/** Names of arguments, with a "?" where null or nothing is allowed, and their types as PHP's gettype() has them. */
function shapeOf(schema: z.ZodObject): object {
  const entries = Object.entries(schema.shape).map(([name, type]) => {
    const optional = type instanceof z.ZodNullable || type instanceof z.ZodOptional;
    const inner = optional ? type.unwrap() : type;
    return [optional ? `${name}?` : name, typeOf(inner)];
  });
  return Object.fromEntries(entries) as object;
}

function typeOf(type: unknown): string | object {
  if (type instanceof z.ZodObject) return shapeOf(type);
  if (type instanceof z.ZodString) return "string";
  if (type instanceof z.ZodNumber) return "integer";
  if (type instanceof z.ZodBoolean) return "boolean";
  assert.ok(type instanceof z.ZodArray && type.element instanceof z.ZodNumber);
  return "integers";
}

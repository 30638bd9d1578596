/** Finds messages about members that a class may inherit from a base class that is not in the project. */
import type * as TypeScript from "typescript";

const NO_SUCH_MEMBER: ReadonlySet<number> = new Set([2339, 2551]);

/** Whether the message is about a member of a class that has a base of unknown type. */
export function isOfMissingBase(
  ts: typeof TypeScript,
  checker: TypeScript.TypeChecker,
  { code, file, start = 0 }: TypeScript.Diagnostic,
): boolean {
  if (!file || !NO_SUCH_MEMBER.has(code)) return false;
  const name = nodeAt(file, start);
  if (!name || !ts.isPropertyAccessExpression(name.parent)) return false;
  return hasUnknownBase(ts, checker, checker.getTypeAtLocation(name.parent.expression));
}

function nodeAt(node: TypeScript.Node, position: number): TypeScript.Node | undefined {
  let found: TypeScript.Node | undefined;
  node.forEachChild((child) => {
    if (child.pos <= position && position < child.end) found = nodeAt(child, position) ?? child;
  });
  return found;
}

function hasUnknownBase(
  ts: typeof TypeScript,
  checker: TypeScript.TypeChecker,
  type: TypeScript.Type,
  seen = new Set<TypeScript.Symbol>(),
): boolean {
  // The type of `this` is a parameter of its class.
  const symbol = (checker.getBaseConstraintOfType(type) ?? type).getSymbol();
  if (!symbol || seen.has(symbol)) return false;
  seen.add(symbol);
  return (symbol.declarations ?? []).some((declaration) => {
    if (!ts.isClassLike(declaration) && !ts.isInterfaceDeclaration(declaration)) return false;
    const bases = (declaration.heritageClauses ?? []).filter(
      ({ token }) => token === ts.SyntaxKind.ExtendsKeyword || ts.isInterfaceDeclaration(declaration),
    );
    return bases
      .flatMap(({ types }) => [...types])
      .some((base) => {
        const baseType = checker.getTypeAtLocation(base);
        return (baseType.flags & ts.TypeFlags.Any) !== 0 || hasUnknownBase(ts, checker, baseType, seen);
      });
  });
}

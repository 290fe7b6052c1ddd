<?php

/*
 * Finds syntax that an older PHP cannot read, or a newer one complains about: php syntax.php 7.2 FILE…
 * It needs PHP-Parser (Debian: php-parser). Prints "file:line: what" for each finding; exits 1 if there is any.
 */

require 'PhpParser/autoload.php';

use PhpParser\Node;

$floor = $argv[1];

$since = [
    'Expr_ArrowFunction' => '7.4', 'Expr_AssignOp_Coalesce' => '7.4', 'Expr_Match' => '8.0', 'Expr_Throw' => '8.0',
    'Expr_NullsafePropertyFetch' => '8.0', 'Expr_NullsafeMethodCall' => '8.0', 'UnionType' => '8.0',
    'AttributeGroup' => '8.0', 'Stmt_Enum' => '8.1', 'IntersectionType' => '8.1', 'VariadicPlaceholder' => '8.1',
];

$special = static function (Node $node) {
    if ($node instanceof Node\Stmt\Property) {
        return [$node->type ? '7.4' : '', $node->flags & 64 ? '8.1' : ''];
    }
    if ($node instanceof Node\Expr\ArrayItem) {
        return [$node->unpack ? '7.4' : ''];
    }
    if ($node instanceof Node\Arg) {
        return [$node->name ? '8.0' : ''];
    }
    if ($node instanceof Node\Stmt\Catch_) {
        return [$node->var ? '' : '8.0'];
    }
    if ($node instanceof Node\Stmt\Class_) {
        return [$node->flags & 64 ? '8.2' : ''];
    }
    if ($node instanceof Node\Param) {
        return [$node->flags ? '8.0' : '', $node->flags & 64 ? '8.1' : ''];
    }
    return [];
};

$isImplicitlyNullable = static function (Node $node) {
    return $node instanceof Node\Param && $node->type && !$node->type instanceof Node\NullableType
        && !($node->type instanceof Node\Identifier && $node->type->name === 'mixed')
        && !$node->type instanceof Node\UnionType
        && $node->default instanceof Node\Expr\ConstFetch && strtolower($node->default->name->toString()) === 'null';
};

$parser = (new PhpParser\ParserFactory())->create(PhpParser\ParserFactory::ONLY_PHP7);
$finder = new PhpParser\NodeFinder();
$found = 0;

foreach (array_slice($argv, 2) as $file) {
    foreach ($finder->findInstanceOf($parser->parse(file_get_contents($file)), Node::class) as $node) {
        $needs = isset($since[$node->getType()]) ? [$since[$node->getType()]] : [];
        foreach (array_filter(array_merge($needs, $special($node))) as $version) {
            if (version_compare($version, $floor, '>')) {
                echo "$file:{$node->getLine()}: {$node->getType()} needs PHP $version\n";
                $found++;
            }
        }
        if ($isImplicitlyNullable($node)) {
            echo "$file:{$node->getLine()}: implicitly nullable, deprecated in PHP 8.4\n";
            $found++;
        }
    }
}
exit($found ? 1 : 0);

<?php

namespace PHPUnit\Framework;

/**
 * Writes a class that stands in for an interface or a class and follows the rules that a test sets.
 */
final class MockMaker
{
    /** @var array<string, string> */
    private static $made = [];

    public static function make(string $class)
    {
        if (!isset(self::$made[$class])) {
            self::$made[$class] = 'Mock' . count(self::$made) . '_' . bin2hex(random_bytes(4));
            eval(self::code(self::$made[$class], new \ReflectionClass($class)));
        }
        return (new \ReflectionClass(self::$made[$class]))->newInstanceWithoutConstructor();
    }

    private static function code(string $name, \ReflectionClass $of): string
    {
        $methods = '';
        foreach ($of->getMethods(\ReflectionMethod::IS_PUBLIC) as $method) {
            if (!$method->isConstructor() && !$method->isFinal() && !$method->isStatic()) {
                $methods .= self::methodCode($method);
            }
        }
        $extends = $of->isInterface() ? 'implements' : 'extends';
        return "class $name $extends \\{$of->getName()} { use \\" . Mock::class . ";\n$methods}";
    }

    private static function methodCode(\ReflectionMethod $method): string
    {
        $parameters = [];
        foreach ($method->getParameters() as $parameter) {
            $type = $parameter->hasType() ? self::typeCode($parameter->getType()) . ' ' : '';
            $default = $parameter->isOptional() && !$parameter->isVariadic() ? ' = null' : '';
            if ($default !== '' && $parameter->isDefaultValueAvailable()) {
                $default = ' = ' . var_export($parameter->getDefaultValue(), true);
            }
            $parameters[] = $type . ($parameter->isVariadic() ? '...' : '') . '$' . $parameter->getName() . $default;
        }
        $returns = $method->hasReturnType() ? ': ' . self::typeCode($method->getReturnType()) : '';
        $call = "\$this->called('{$method->getName()}', func_get_args())";
        $body = $returns === ': void' ? "$call;" : "return $call;";
        return "public function {$method->getName()}(" . implode(', ', $parameters) . ")$returns { $body }\n";
    }

    private static function typeCode(\ReflectionType $type): string
    {
        $name = $type instanceof \ReflectionNamedType ? $type->getName() : (string) $type;
        $isOwn = $type instanceof \ReflectionNamedType && !$type->isBuiltin();
        return ($type instanceof \ReflectionNamedType && $type->allowsNull() && $name !== 'mixed' && $name !== 'null' ? '?' : '')
            . ($isOwn ? '\\' : '') . $name;
    }
}

<?php

/*
 * Runs the test classes of a suite where PHPUnit does not run (PHP 7.2, and WebAssembly builds of PHP): php run.php FOLDER
 * FOLDER holds a phpunit.xml. The runner offers the part of PHPUnit 9 that the tests use and nothing else: an unknown assertion is an error.
 * Every notice, warning and deprecation fails the test that caused it. The last line is "OK (N tests)"; exit code 1 where a test failed.
 */

namespace PaymentBridge\Core\Tests\Runner;

use PHPUnit\Framework\TestCase;

spl_autoload_register(static function ($class) {
    if (strncmp($class, 'PHPUnit\\Framework\\', 18) === 0) {
        require __DIR__ . '/' . substr($class, 18) . '.php';
    }
});

/** Load the suite and return the classes of its tests. */
function load(string $folder): array
{
    $settings = simplexml_load_file("$folder/phpunit.xml");
    require "$folder/{$settings['bootstrap']}";
    $classes = [];
    foreach ($settings->testsuites->testsuite->directory as $directory) {
        foreach (glob("$folder/$directory/*Test.php") as $file) {
            require_once $file;
            $classes[] = classIn($file);
        }
    }
    return $classes;
}

function classIn(string $file): string
{
    preg_match('/^namespace (.+);/m', file_get_contents($file), $namespace);
    return $namespace[1] . '\\' . basename($file, '.php');
}

/** Return the cases of a test method: name => arguments. */
function cases(\ReflectionMethod $method): array
{
    if (!preg_match('/@dataProvider\s+(\w+)/', (string) $method->getDocComment(), $provider)) {
        return ['' => []];
    }
    $of = $method->getDeclaringClass()->newInstanceWithoutConstructor();
    $cases = [];
    foreach ($of->{$provider[1]}() as $name => $arguments) {
        $cases[" with $name"] = $arguments;
    }
    return $cases;
}

/** Return why the test failed, null where it passed. */
function failure(\ReflectionMethod $method, string $class, array $arguments)
{
    $before = TestCase::$assertions;
    $level = ob_get_level();
    try {
        $test = new $class();
        $test->runBare($method->getName(), $arguments);
        return TestCase::$assertions > $before || $test->expectsNoAssertion ? null : 'it asserts nothing';
    } catch (\Throwable $thrown) {
        return $thrown;
    } finally {
        while (ob_get_level() > $level) {
            ob_end_clean();
        }
    }
}

set_error_handler(static function ($level, $message, $file, $line) {
    if (error_reporting() & $level) {
        throw new \ErrorException($message, 0, $level, $file, $line);
    }
    return true;
});

/** Tell whether a test is in the group "native": it starts a process or waits for a refused connection, which PHP in WebAssembly cannot do. */
function isLeftOut(\ReflectionMethod $method): bool
{
    return getenv('LOCAL_BRIDGE_URL') && strpos((string) $method->getDocComment(), '@group native') !== false;
}

$ran = 0;
$failed = 0;
foreach (load($argv[1]) as $class) {
    $reflected = new \ReflectionClass($class);
    $class::setUpBeforeClass();
    foreach ($reflected->getMethods(\ReflectionMethod::IS_PUBLIC) as $method) {
        if (strncmp($method->getName(), 'test', 4) !== 0) {
            continue;
        }
        if (isLeftOut($method)) {
            fwrite(STDOUT, "left out: $class::{$method->getName()}\n");
            continue;
        }
        foreach (cases($method) as $name => $arguments) {
            $ran++;
            $failure = failure($method, $class, $arguments);
            if ($failure !== null) {
                $failed++;
                fwrite(STDERR, "FAILED $class::{$method->getName()}$name: $failure\n\n");
            }
        }
    }
    $class::tearDownAfterClass();
}
fwrite(STDOUT, $failed || !$ran ? "$failed of $ran tests failed\n" : "OK ($ran tests)\n");
exit($failed || !$ran ? 1 : 0);

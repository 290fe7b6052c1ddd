<?php

namespace PHPUnit\Framework;

abstract class TestCase
{
    /** @var array<string, mixed> what a test expects of its exception: class, code, message */
    public $expected = [];

    /** @var int */
    public static $assertions = 0;

    /** @var bool */
    public $expectsNoAssertion = false;

    /** @var Mock[] */
    private $mocks = [];

    public static function setUpBeforeClass(): void
    {
    }

    public static function tearDownAfterClass(): void
    {
    }

    protected function setUp(): void
    {
    }

    protected function tearDown(): void
    {
    }

    public function runBare(string $method, array $arguments)
    {
        $this->setUp();
        try {
            $this->runMethod($method, $arguments);
            foreach ($this->mocks as $mock) {
                $mock->verify();
            }
        } finally {
            $this->tearDown();
        }
    }

    private function runMethod(string $method, array $arguments)
    {
        try {
            $this->$method(...array_values($arguments));
        } catch (\Throwable $thrown) {
            if (!isset($this->expected['class']) || !$thrown instanceof $this->expected['class']) {
                throw $thrown;
            }
            self::$assertions++;
            if (isset($this->expected['code'])) {
                self::assertSame($this->expected['code'], $thrown->getCode());
            }
            if (isset($this->expected['message'])) {
                self::assertStringContainsString($this->expected['message'], $thrown->getMessage());
            }
            return;
        }
        if (isset($this->expected['class'])) {
            self::fail("{$this->expected['class']} was not thrown");
        }
    }

    public function expectException(string $class)
    {
        $this->expected['class'] = $class;
    }

    public function expectExceptionCode($code)
    {
        $this->expected['code'] = $code;
    }

    public function expectExceptionMessage(string $message)
    {
        $this->expected['message'] = $message;
    }

    public function expectNotToPerformAssertions()
    {
        $this->expectsNoAssertion = true;
    }

    protected function createMock(string $class)
    {
        return $this->mocks[] = MockMaker::make($class);
    }

    public static function exactly(int $count)
    {
        return $count;
    }

    public static function never()
    {
        return 0;
    }

    public static function once()
    {
        return 1;
    }

    public static function callback(callable $holds)
    {
        return new Callback($holds);
    }

    public static function fail(string $message = '')
    {
        throw new AssertionFailedError($message);
    }

    private static function check(bool $holds, string $message, string $what)
    {
        self::$assertions++;
        if (!$holds) {
            throw new ExpectationFailedException(trim("$message $what"));
        }
    }

    private static function show($value): string
    {
        return is_object($value) ? get_class($value) : var_export($value, true);
    }

    public static function assertSame($expected, $actual, string $message = '')
    {
        self::check($expected === $actual, $message, self::show($actual) . ' is not ' . self::show($expected));
    }

    public static function assertNotSame($expected, $actual, string $message = '')
    {
        self::check($expected !== $actual, $message, self::show($actual) . ' is the same');
    }

    public static function assertEquals($expected, $actual, string $message = '')
    {
        self::check($expected == $actual, $message, self::show($actual) . ' does not equal ' . self::show($expected));
    }

    public static function assertEqualsCanonicalizing($expected, $actual, string $message = '')
    {
        sort($expected);
        sort($actual);
        self::assertEquals($expected, $actual, $message);
    }

    public static function assertTrue($actual, string $message = '')
    {
        self::assertSame(true, $actual, $message);
    }

    public static function assertFalse($actual, string $message = '')
    {
        self::assertSame(false, $actual, $message);
    }

    public static function assertNull($actual, string $message = '')
    {
        self::assertSame(null, $actual, $message);
    }

    public static function assertNotNull($actual, string $message = '')
    {
        self::assertNotSame(null, $actual, $message);
    }

    public static function assertEmpty($actual, string $message = '')
    {
        self::check(empty($actual), $message, self::show($actual) . ' is not empty');
    }

    public static function assertNotEmpty($actual, string $message = '')
    {
        self::check(!empty($actual), $message, 'it is empty');
    }

    public static function assertCount(int $expected, $actual, string $message = '')
    {
        self::assertSame($expected, is_array($actual) ? count($actual) : iterator_count($actual), $message);
    }

    public static function assertContains($needle, iterable $haystack, string $message = '')
    {
        self::check(self::has($needle, $haystack), $message, self::show($needle) . ' is missing');
    }

    public static function assertNotContains($needle, iterable $haystack, string $message = '')
    {
        self::check(!self::has($needle, $haystack), $message, self::show($needle) . ' is there');
    }

    private static function has($needle, iterable $haystack): bool
    {
        return in_array($needle, is_array($haystack) ? $haystack : iterator_to_array($haystack), true);
    }

    public static function assertArrayHasKey($key, $array, string $message = '')
    {
        self::check(isset($array[$key]) || array_key_exists($key, (array) $array), $message, "no key $key");
    }

    public static function assertArrayNotHasKey($key, $array, string $message = '')
    {
        self::check(!array_key_exists($key, (array) $array), $message, "key $key");
    }

    public static function assertInstanceOf(string $class, $actual, string $message = '')
    {
        self::check($actual instanceof $class, $message, self::show($actual) . " is no $class");
    }

    public static function assertNotInstanceOf(string $class, $actual, string $message = '')
    {
        self::check(!$actual instanceof $class, $message, "it is a $class");
    }

    public static function assertIsArray($actual, string $message = '')
    {
        self::check(is_array($actual), $message, self::show($actual) . ' is no array');
    }

    public static function assertIsString($actual, string $message = '')
    {
        self::check(is_string($actual), $message, self::show($actual) . ' is no string');
    }

    public static function assertGreaterThan($expected, $actual, string $message = '')
    {
        self::check($actual > $expected, $message, self::show($actual) . ' is not greater than ' . self::show($expected));
    }

    public static function assertGreaterThanOrEqual($expected, $actual, string $message = '')
    {
        self::check($actual >= $expected, $message, self::show($actual) . ' is less than ' . self::show($expected));
    }

    public static function assertLessThan($expected, $actual, string $message = '')
    {
        self::check($actual < $expected, $message, self::show($actual) . ' is not less than ' . self::show($expected));
    }

    public static function assertLessThanOrEqual($expected, $actual, string $message = '')
    {
        self::check($actual <= $expected, $message, self::show($actual) . ' is greater than ' . self::show($expected));
    }

    public static function assertStringContainsString(string $needle, string $text, string $message = '')
    {
        self::check($needle === '' || strpos($text, $needle) !== false, $message, "'$needle' is not in: $text");
    }

    public static function assertStringNotContainsString(string $needle, string $text, string $message = '')
    {
        self::check(strpos($text, $needle) === false, $message, "'$needle' is in: $text");
    }

    public static function assertStringStartsWith(string $start, string $text, string $message = '')
    {
        self::check(strncmp($text, $start, strlen($start)) === 0, $message, "it does not start with '$start': $text");
    }

    public static function assertStringEndsWith(string $end, string $text, string $message = '')
    {
        self::check(substr($text, -strlen($end)) === $end, $message, "it does not end with '$end': $text");
    }

    public static function assertMatchesRegularExpression(string $pattern, string $text, string $message = '')
    {
        self::check(preg_match($pattern, $text) === 1, $message, "$pattern does not match: $text");
    }

    public static function assertDoesNotMatchRegularExpression(string $pattern, string $text, string $message = '')
    {
        self::check(preg_match($pattern, $text) === 0, $message, "$pattern matches: $text");
    }

    public static function assertFileExists(string $file, string $message = '')
    {
        self::check(file_exists($file), $message, "$file is missing");
    }

    public static function assertFileDoesNotExist(string $file, string $message = '')
    {
        self::check(!file_exists($file), $message, "$file is there");
    }

    public static function assertDirectoryDoesNotExist(string $folder, string $message = '')
    {
        self::check(!is_dir($folder), $message, "$folder is there");
    }
}

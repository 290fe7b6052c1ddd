<?php

namespace PHPUnit\Framework;

/**
 * What a mock does for one method: how often it may be called, with what, and what it answers.
 */
final class Rule
{
    public $count;
    public $method;
    public $arguments = [];
    public $answer;
    public $calls = 0;

    public function __construct($count)
    {
        $this->count = $count;
    }

    public function method(string $name): self
    {
        $this->method = $name;
        return $this;
    }

    public function with(...$arguments): self
    {
        $this->arguments = $arguments;
        return $this;
    }

    public function willReturn($value): self
    {
        $this->answer = static function () use ($value) {
            return $value;
        };
        return $this;
    }

    public function willReturnCallback(callable $answer): self
    {
        $this->answer = $answer;
        return $this;
    }

    public function call(array $arguments)
    {
        $this->calls++;
        foreach ($this->arguments as $i => $expected) {
            if ($expected instanceof Callback) {
                TestCase::assertTrue(($expected->holds)($arguments[$i]), "argument $i of {$this->method}:");
            } else {
                TestCase::assertEquals($expected, $arguments[$i], "argument $i of {$this->method}:");
            }
        }
        return $this->answer ? ($this->answer)(...$arguments) : null;
    }
}

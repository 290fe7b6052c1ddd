<?php

namespace PHPUnit\Framework;

trait Mock
{
    /** @var Rule[] */
    private $rules = [];

    public function expects($count): Rule
    {
        return $this->rules[] = new Rule($count);
    }

    public function method(string $name): Rule
    {
        return $this->expects(null)->method($name);
    }

    public function verify()
    {
        foreach ($this->rules as $rule) {
            if ($rule->count !== null) {
                TestCase::assertSame($rule->count, $rule->calls, "calls of {$rule->method}:");
            }
        }
    }

    private function called(string $name, array $arguments)
    {
        $answer = null;
        foreach ($this->rules as $rule) {
            if ($rule->method === $name) {
                $answer = $rule->call($arguments);
            }
        }
        return $answer;
    }
}

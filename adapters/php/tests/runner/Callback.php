<?php

namespace PHPUnit\Framework;

/**
 * An argument that is judged by a function.
 */
final class Callback
{
    public $holds;

    public function __construct(callable $holds)
    {
        $this->holds = $holds;
    }
}

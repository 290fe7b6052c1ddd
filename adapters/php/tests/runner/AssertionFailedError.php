<?php

namespace PHPUnit\Framework;

class AssertionFailedError extends \Exception
{
}

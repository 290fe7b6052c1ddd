<?php

namespace PHPUnit\Framework;

class ExpectationFailedException extends AssertionFailedError
{
}

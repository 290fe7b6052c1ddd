<?php

declare(strict_types=1);

namespace PaymentBridge\Checkout\Setup\Patch\Data;

use Magento\Framework\Setup\Patch\DataPatchInterface;
use PaymentBridge\Checkout\Model\Tables;

/**
 * Order references were kept in 32 characters until version 0.1.0, and a database that is not strict cut longer ones: such
 * an order was never marked paid, because its payment seemed to be another order's.
 */
class MendCutReferences implements DataPatchInterface
{
    public function __construct(private Tables $tables)
    {
    }

    /**
     * Put the whole number of the order into every row that has only the first 32 characters of it.
     */
    public function apply(): self
    {
        $this->tables->mendCutReferences();
        return $this;
    }

    public static function getDependencies(): array
    {
        return [];
    }

    public function getAliases(): array
    {
        return [];
    }
}

<?php

/*
 * The least that stands for Magento where the module's own thoughts are tested: names, constants, and objects that
 * remember what they were told. What Magento itself does with them was seen in a real Magento, and is not shown here.
 */

// phpcs:disable PSR1.Classes.ClassDeclaration -- thirty files of three lines would be read by nobody

namespace {
    function __($text, ...$values)
    {
        foreach ($values as $i => $value) {
            $text = str_replace('%' . ($i + 1), (string) $value, (string) $text);
        }
        return new \Magento\Framework\Phrase((string) $text);
    }

    /** getX, setX, hasX over a plain array. */
    class Anything
    {
        public $data = [];

        public function __construct(...$ignored)
        {
        }

        public function __call($name, $arguments)
        {
            $key = substr($name, 3);
            if (strncmp($name, 'set', 3) === 0 || strncmp($name, 'add', 3) === 0) {
                $this->data[$key] = $arguments[0] ?? null;
                return $this;
            }
            return $this->data[$key] ?? null;
        }
    }

    // A name that is not declared below is an interface without methods, or an object that remembers.
    spl_autoload_register(static function ($class) {
        if (!preg_match('/^(Magento|Psr)\\\\/', $class)) {
            return;
        }
        list($space, $name) = [substr($class, 0, strrpos($class, '\\')), substr($class, strrpos($class, '\\') + 1)];
        $kind = substr($name, -9) === 'Interface' ? "interface $name {}" : "class $name extends \\Anything {}";
        eval("namespace $space; $kind");
    });
}

namespace Magento\Framework {
    class Phrase
    {
        private $text;

        public function __construct(string $text)
        {
            $this->text = $text;
        }

        public function __toString()
        {
            return $this->text;
        }
    }
}

namespace Magento\Framework\Exception {
    class LocalizedException extends \Exception
    {
        public function __construct(\Magento\Framework\Phrase $words, ?\Exception $cause = null)
        {
            parent::__construct((string) $words, 0, $cause);
        }
    }
}

namespace Magento\Framework\Exception {
    class NoSuchEntityException extends LocalizedException
    {
    }
}

namespace Magento\Framework\Controller\Result {
    class Answer extends \Anything
    {
        public $headers = [];

        public function setHeader($name, $value)
        {
            $this->headers[$name] = $value;
            return $this;
        }

        public function getConfig()
        {
            return $this;
        }

        public function getTitle()
        {
            return $this;
        }

        public function set($title)
        {
        }
    }

    class Redirect extends Answer implements \Magento\Framework\Controller\ResultInterface
    {
    }

    class RawFactory
    {
        public function create()
        {
            return new Answer();
        }
    }

    class RedirectFactory
    {
        public function create()
        {
            return new Redirect();
        }
    }
}

namespace Magento\Framework\View\Result {
    class Page extends \Magento\Framework\Controller\Result\Answer implements \Magento\Framework\Controller\ResultInterface
    {
    }

    class PageFactory
    {
        public function create()
        {
            return new Page();
        }
    }
}

namespace Magento\Framework\App\Request {
    class Http extends \Anything implements \Magento\Framework\App\RequestInterface
    {
        public $headers = [];

        public function getHeader($name)
        {
            return $this->headers[$name] ?? false;
        }

        public function getParam($name)
        {
            return $this->data[$name] ?? null;
        }
    }
}

namespace Magento\Framework\Message {
    interface ManagerInterface
    {
        public function addWarningMessage($words);

        public function addErrorMessage($words);

        public function addComplexNoticeMessage($name, array $words);
    }
}

namespace Magento\Checkout\Model {
    class Session extends \Anything
    {
        public $restored = 0;

        public function restoreQuote()
        {
            $this->restored++;
            $this->data['Quote'] = $this->data['OrderedQuote'] ?? $this->data['Quote'] ?? null;
            return isset($this->data['OrderedQuote']);
        }

        public function getQuote()
        {
            return $this->data['Quote'] ?? new \Magento\Quote\Model\Quote();
        }
    }
}

namespace Magento\Quote\Model {
    class Quote extends \Anything
    {
        public static function of($id, array $items)
        {
            $quote = new self();
            $quote->data = ['Id' => $id, 'Items' => $items];
            return $quote;
        }

        public function hasItems()
        {
            return ($this->data['Items'] ?? []) !== [];
        }

        public function merge(self $other)
        {
            $this->data['Items'] = array_merge($this->data['Items'], $other->data['Items']);
            return $this;
        }

        public function collectTotals()
        {
            return $this;
        }
    }
}

namespace Magento\Quote\Api {
    interface CartRepositoryInterface
    {
        public function save($quote);

        public function delete($quote);
    }
}

namespace Magento\Payment\Gateway\Command {
    class CommandException extends \Magento\Framework\Exception\LocalizedException
    {
    }
}

namespace Magento\Store\Model {
    interface ScopeInterface
    {
        public const SCOPE_STORE = 'store';
    }

    interface StoreManagerInterface
    {
        public function getStores();

        public function getStore();
    }
}

namespace Magento\Framework\App\Config {
    interface ScopeConfigInterface
    {
        public function getValue($path, $scope, $code);
    }
}

namespace Magento\Framework\Encryption {
    interface EncryptorInterface
    {
        public function decrypt($text);
    }
}

namespace Magento\Framework {
    class FlagManager
    {
        private $flags = [];

        public function getFlagData($code)
        {
            return $this->flags[$code] ?? null;
        }

        public function saveFlag($code, $value)
        {
            $this->flags[$code] = $value;
            return true;
        }
    }
}

namespace Magento\Framework\View\Element\Block {
    interface ArgumentInterface
    {
    }
}

namespace Magento\Framework\Data\Form {
    class FormKey
    {
    }
}

namespace Magento\Framework\Lock {
    interface LockManagerInterface
    {
        public function lock(string $name, int $timeout = -1): bool;

        public function unlock(string $name): bool;
    }
}

namespace Magento\Framework {
    interface UrlInterface
    {
        public function getUrl($path, $parameters);
    }
}

namespace Magento\Framework\App {
    interface ProductMetadataInterface
    {
        public function getVersion();
    }

    interface RequestInterface
    {
        public function getParam($name);
    }
}

namespace Magento\Framework\Notification {
    interface NotifierInterface
    {
        public function addMajor($title, $words);
    }
}

namespace Magento\Sales\Api {
    interface OrderStatusHistoryRepositoryInterface
    {
        public function save($history);
    }

    interface OrderManagementInterface
    {
        public function cancel($id);
    }

    interface OrderRepositoryInterface
    {
        public function get($id);

        public function save($order);
    }
}

namespace Psr\Log {
    interface LoggerInterface
    {
        public function notice($message, $context);
    }
}

namespace Magento\Framework {
    class DataObject extends \Anything
    {
        public function setData($name, $value)
        {
            $this->data[$name] = $value;
        }
    }
}

namespace Magento\Framework\App\Action {
    class Action extends \Anything
    {
        public const FLAG_NO_DISPATCH = 'no-dispatch';
    }
}

namespace Magento\Framework\Event {
    class Observer extends \Anything
    {
        public function getData($name)
        {
            return $this->data[$name] ?? null;
        }
    }
}

namespace Magento\Payment\Gateway\Helper {
    class SubjectReader
    {
        public static function readPayment(array $subject)
        {
            return $subject['payment'];
        }

        public static function readStateObject(array $subject)
        {
            return $subject['stateObject'];
        }
    }
}

namespace Magento\Sales\Model\Order {
    use Magento\Sales\Model\Order;

    class Payment extends \Anything
    {
        public function registerCaptureNotification($amount, $skipFraudDetection)
        {
            $this->data['Order']->data['invoices'][] = $amount;
            $this->data['Order']->data['TotalDue'] = 0;
            if ($this->data['Order']->data['State'] !== Order::STATE_HOLDED) { // an order on hold stays there
                $this->data['Order']->data['State'] = 'processing';
            }
            return $this;
        }
    }
}

namespace Magento\Framework\GraphQl\Exception {
    class GraphQlInputException extends \Magento\Framework\Exception\LocalizedException
    {
    }
}

namespace Magento\Sales\Model {
    class OrderFactory
    {
        public function create()
        {
        }
    }
}

namespace Magento\Framework\GraphQl\Query {
    interface ResolverInterface
    {
    }
}

namespace Magento\Sales\Model {
    class Order extends \Anything
    {
        public const STATE_NEW = 'new';
        public const STATE_CANCELED = 'canceled';
        public const STATE_PENDING_PAYMENT = 'pending_payment';
        public const STATE_PAYMENT_REVIEW = 'payment_review';
        public const STATE_HOLDED = 'holded';
        public const STATE_PROCESSING = 'processing';

        public $comments = [];

        public function loadByIncrementIdAndStoreId($number, $store)
        {
            $isIt = [$number, $store] === [$this->getIncrementId(), $this->getStoreId()];
            return $isIt ? $this : new self();
        }

        public function hasInvoices()
        {
            return isset($this->data['invoices']);
        }

        public function canCancel()
        {
            return in_array($this->data['State'], ['new', 'pending_payment'], true);
        }

        public function canUnhold()
        {
            return $this->data['State'] === self::STATE_HOLDED;
        }

        public function hold()
        {
            $this->data['HoldBeforeState'] = $this->data['State'];
            $this->data['State'] = self::STATE_HOLDED;
        }

        public function unhold()
        {
            $this->data['State'] = $this->data['HoldBeforeState'];
            $this->data['Status'] = $this->data['HoldBeforeStatus'] ?? $this->data['State'];
        }

        public function cancel()
        {
            $this->data['State'] = 'canceled';
            return $this;
        }

        public function addCommentToStatusHistory($words)
        {
            $this->comments[] = $words;
            return (object) ['comment' => $words];
        }
    }
}

<?php

namespace PaymentBridge\Core;

/**
 * The bridge refused: a problem document (RFC 9457). Nothing was done, and no key is kept for it.
 */
class ApiException extends BridgeException
{
    /** @var array<string, mixed> */
    private $problem;

    /** @var int */
    private $status;

    /**
     * Take the HTTP status and the problem document as it came.
     *
     * @param int $status
     * @param array<string, mixed> $problem
     */
    public function __construct($status, array $problem)
    {
        $this->status = $status;
        $this->problem = $problem;
        parent::__construct(sprintf('The bridge refused (%d %s): %s', $status, $this->problemCode(), $this->detail()));
    }

    /**
     * Return the HTTP status.
     *
     * @return int
     */
    public function status()
    {
        return $this->status;
    }

    /**
     * Return the stable code, as `payment_exists`.
     *
     * @return string
     */
    public function problemCode()
    {
        return $this->text('code', 'http_error');
    }

    /**
     * Return what a merchant may read about it.
     *
     * @return string
     */
    public function detail()
    {
        return $this->text('detail', $this->text('title', 'no detail'));
    }

    /**
     * Tell whether the same request may do better later.
     *
     * @return bool
     */
    public function isRetryable()
    {
        return isset($this->problem['retryable']) && $this->problem['retryable'] === true;
    }

    /**
     * Return the request id, which the bridge's operator finds in the logs.
     *
     * @return string
     */
    public function requestId()
    {
        return $this->text('request_id', '');
    }

    /**
     * Return a further member of the problem document, as `payment_id` or `errors`.
     *
     * @param string $name
     * @return mixed
     */
    public function member($name)
    {
        return isset($this->problem[$name]) ? $this->problem[$name] : null;
    }

    private function text($name, $otherwise)
    {
        return isset($this->problem[$name]) && is_string($this->problem[$name]) ? $this->problem[$name] : $otherwise;
    }
}

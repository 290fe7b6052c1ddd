<?php

namespace PaymentBridge\Core\Tests;

/**
 * A real HTTP server on this machine that answers from a script and keeps what it was asked.
 *
 * PHP in WebAssembly starts no processes: who runs it starts the server and names it in LOCAL_BRIDGE_URL, its folder in LOCAL_BRIDGE.
 */
final class LocalBridge
{
    /** @var resource */
    private $process;

    /** @var string */
    private $folder;

    /** @var string */
    public $url;

    /** Start it with another script than the one that answers as `script` says. */
    public function __construct($router = __DIR__ . '/local_bridge_router.php')
    {
        if (getenv('LOCAL_BRIDGE_URL')) {
            $this->url = getenv('LOCAL_BRIDGE_URL');
            $this->folder = getenv('LOCAL_BRIDGE');
            $this->script([]);
            return;
        }
        $this->folder = sys_get_temp_dir() . '/bridge-php-' . bin2hex(random_bytes(6));
        mkdir($this->folder);
        $this->script([]);
        $port = self::freePort();
        $this->url = "http://127.0.0.1:$port";
        $command = ['php', '-S', "127.0.0.1:$port", $router];
        $quiet = ['file', '/dev/null', 'w'];
        $pipes = [];
        $environment = ['LOCAL_BRIDGE' => $this->folder, 'PATH' => getenv('PATH')];
        $this->process = proc_open($command, [['file', '/dev/null', 'r'], $quiet, $quiet], $pipes, null, $environment);
        $this->waitFor($port);
    }

    public function stop()
    {
        if (!$this->process) {
            return;
        }
        proc_terminate($this->process);
        proc_close($this->process);
        array_map('unlink', glob($this->folder . '/*'));
        rmdir($this->folder);
    }

    /**
     * Set the answers, each [status, document or text, headers], taken one by one; the last stays.
     */
    public function script(array $answers)
    {
        file_put_contents($this->folder . '/answers.json', json_encode($answers));
        file_put_contents($this->folder . '/asked.json', '');
    }

    /**
     * Return what was asked: method, path, headers (lower case), body.
     */
    public function asked()
    {
        $lines = array_filter(explode("\n", file_get_contents($this->folder . '/asked.json')));
        return array_map(static function ($line) {
            return json_decode($line, true);
        }, array_values($lines));
    }

    /** Return where the script may leave a file. */
    public function folder()
    {
        return $this->folder;
    }

    /** Return a port that nobody listens on, of those that no outgoing connection is given. */
    public static function freePort()
    {
        if (getenv('LOCAL_BRIDGE_FREE_PORT')) {
            return (int) getenv('LOCAL_BRIDGE_FREE_PORT');
        }
        do {
            $port = random_int(20000, 31999);
            $socket = @stream_socket_server("tcp://127.0.0.1:$port");
        } while ($socket === false);
        fclose($socket);
        return $port;
    }

    private function waitFor($port)
    {
        for ($try = 0; $try < 1200; $try++) {
            $socket = @fsockopen('127.0.0.1', $port, $errno, $words, 1);
            if ($socket) {
                fclose($socket);
                return;
            }
            usleep(25000);
        }
        throw new \RuntimeException('the local bridge did not start');
    }
}

<?php

/**
 * PrestaShop's database class over SQLite: the module's own SQL runs, in MySQL's words where the two differ; or over a real
 * MariaDB, as PrestaShop sets it up.
 */
class Db
{
    /** @var self|null */
    public static $instance;

    /** @var string[] locks that somebody else keeps */
    public $locked = [];

    /** @var string a statement that contains this fails */
    public $fails = '';

    /** @var string[] */
    public $asked = [];

    /** @var PDO */
    private $pdo;

    /** @var int */
    private $changed = 0;

    public function __construct(?PDO $mariaDb = null)
    {
        if ($mariaDb !== null) {
            $mariaDb->exec("SET SESSION sql_mode = ''"); // what is too long is cut, and nobody is told
            $this->pdo = $mariaDb;
            return;
        }
        // PHP 8.5 calls the functions of a driver on a class of that driver, which PHP 8.4 has brought.
        [$class, $function] = PHP_VERSION_ID < 80400 ? ['PDO', 'sqliteCreateFunction'] : ['Pdo\\Sqlite', 'createFunction'];
        $this->pdo = new $class('sqlite::memory:', null, null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
        $this->pdo->$function('GET_LOCK', function ($name, $seconds) {
            return array_filter($this->locked, static function ($kept) use ($name) {
                return strncmp($name, $kept, strlen($kept)) === 0;
            }) ? 0 : 1;
        });
        $this->pdo->$function('UNIX_TIMESTAMP', static function ($text) {
            return $text === null ? null : strtotime($text . ' UTC');
        });
        $this->pdo->$function('RELEASE_LOCK', static function ($name) {
            return 1;
        });
    }

    public static function getInstance()
    {
        return self::$instance;
    }

    public function escape($text, $htmlOk = false)
    {
        $text = $htmlOk ? $text : strip_tags($text);
        return $this->isReal() ? substr($this->pdo->quote($text), 1, -1) : str_replace("'", "''", $text);
    }

    public function executeS($sql, $array = true, $useCache = true)
    {
        if ($useCache) {
            throw new LogicException('a question about money must not be answered from a cache');
        }
        $this->asked[] = $sql;
        if ($this->fails !== '' && strpos($sql, $this->fails) !== false) {
            return false;
        }
        return $this->pdo->query($this->translate($sql))->fetchAll(PDO::FETCH_ASSOC);
    }

    public function execute($sql, $useCache = true)
    {
        $this->asked[] = $sql;
        if ($this->fails !== '' && strpos($sql, $this->fails) !== false) {
            return false;
        }
        try {
            $this->changed = (int) $this->pdo->exec($this->translate($sql));
        } catch (PDOException $refused) {
            return false;
        }
        return true;
    }

    public function getNumberError()
    {
        return 1062;
    }

    public function Affected_Rows() // phpcs:ignore PSR1.Methods.CamelCapsMethodName -- the name is PrestaShop's
    {
        return $this->changed;
    }

    public function Insert_ID() // phpcs:ignore PSR1.Methods.CamelCapsMethodName -- the name is PrestaShop's
    {
        return $this->pdo->lastInsertId();
    }

    /**
     * What tests put into PrestaShop's own tables.
     */
    public function put($table, array $row)
    {
        $places = implode(', ', array_fill(0, count($row), '?'));
        $sql = "INSERT OR REPLACE INTO ps_$table (" . implode(', ', array_keys($row)) . ") VALUES ($places)";
        $statement = $this->pdo->prepare($sql);
        foreach (array_values($row) as $i => $value) {
            $statement->bindValue($i + 1, $value, is_int($value) ? PDO::PARAM_INT : PDO::PARAM_STR);
        }
        $statement->execute();
        return (int) $this->pdo->lastInsertId();
    }

    public function all($sql)
    {
        return $this->pdo->query($sql)->fetchAll(PDO::FETCH_ASSOC);
    }

    public function one($sql)
    {
        return $this->pdo->query($sql)->fetchColumn();
    }

    public function run($sql)
    {
        $this->pdo->exec($sql);
    }

    private function isReal()
    {
        return $this->pdo->getAttribute(PDO::ATTR_DRIVER_NAME) === 'mysql';
    }

    private function translate($sql)
    {
        if ($this->isReal()) {
            return $sql;
        }
        if (strpos($sql, 'CREATE TABLE') === 0) {
            $sql = preg_replace('/INT UNSIGNED NOT NULL AUTO_INCREMENT/', 'INTEGER PRIMARY KEY AUTOINCREMENT', $sql);
            $sql = preg_replace('/PRIMARY KEY \(id\),?/', '', $sql);
            $sql = preg_replace('/UNIQUE KEY \w+ (\([^)]*\))/', 'UNIQUE $1', $sql);
            $sql = preg_replace('/,\s*KEY \w+ \([^)]*\)/', '', $sql);
            $sql = str_replace('ON UPDATE CURRENT_TIMESTAMP', '', $sql);
            $sql = preg_replace('/,(\s*\))\s*ENGINE=.*$/s', '$1', $sql);
            return preg_replace('/\)\s*ENGINE=.*$/s', ')', $sql);
        }
        if (preg_match('/^SHOW COLUMNS FROM `(\w+)`$/', $sql, $table)) {
            return "SELECT name AS Field, type AS Type FROM pragma_table_info('$table[1]')";
        }
        if (preg_match('/^ALTER TABLE `\w+` MODIFY/', $sql)) {
            return 'SELECT 1'; // SQLite knows no lengths
        }
        $sql = str_replace('CHAR_LENGTH', 'LENGTH', $sql);
        $sql = preg_replace('/CURRENT_TIMESTAMP - INTERVAL (\d+) MINUTE/', "datetime('now', '-$1 minutes')", $sql);
        return str_replace('START TRANSACTION', 'BEGIN', $sql);
    }
}

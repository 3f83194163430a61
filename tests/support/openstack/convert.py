"""Prints Barbican's tables for another database, as Barbican's models define them, with the rows of an SQLite file.

    python convert.py FILE postgresql|mysql
"""

import sqlite3
import sys

import sqlalchemy

from barbican.model import models

FILE, DIALECT = sys.argv[1:]


def literal(column, value):
    if value is None:
        return "NULL"
    if isinstance(column.type, sqlalchemy.Boolean):
        return "true" if value else "false"
    if isinstance(value, bytes):
        value = value.decode()
    return str(value) if isinstance(value, int) else "'%s'" % value.replace("'", "''")


def main():
    engine = sqlalchemy.create_mock_engine(
        DIALECT + "://", lambda statement, *_, **__: print(str(statement.compile(dialect=engine.dialect)).strip() + ";"))
    if DIALECT == "mysql":
        print("SET sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'; SET foreign_key_checks = 0;")
    models.BASE.metadata.create_all(engine, checkfirst=False)
    connection = sqlite3.connect("file:%s?mode=ro" % FILE, uri=True)
    for table in models.BASE.metadata.sorted_tables:
        names = ", ".join('"%s"' % column.name for column in table.columns)
        for row in connection.execute('SELECT %s FROM "%s"' % (names, table.name)):
            values = ", ".join(literal(column, value) for column, value in zip(table.columns, row))
            print('INSERT INTO "%s" (%s) VALUES (%s);' % (table.name, names, values))


main()

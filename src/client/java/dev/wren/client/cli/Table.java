package dev.wren.client.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** Rows for people, in columns; or for programs, one JSON object a line. Used by one thread. */
final class Table {

    private final PrintWriter out;
    private final boolean json;
    private final List<String> columns;
    private final List<List<String>> rows = new ArrayList<>();

    /**
     * @param columns names, in camel case
     */
    Table(PrintWriter out, boolean json, String... columns) {
        this.out = out;
        this.json = json;
        this.columns = List.of(columns);
    }

    /** A row; null where there is nothing. */
    void row(@Nullable Object... values) {
        if (json) {
            Map<String, @Nullable Object> object = new LinkedHashMap<>();
            for (int i = 0; i < values.length; i++) {
                object.put(columns.get(i), values[i]);
            }
            out.println(JsonMapper.shared().writeValueAsString(object));
            return;
        }
        List<String> row = new ArrayList<>();
        for (Object value : values) {
            row.add(value == null ? "-" : value.toString().replaceAll("\\p{Cntrl}", " "));
        }
        rows.add(row);
    }

    /** All rows were given. */
    void end() {
        if (json) {
            return;
        }
        int[] widths = new int[columns.size()];
        for (int i = 0; i < widths.length; i++) {
            widths[i] = columns.get(i).length();
            for (List<String> row : rows) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        print(columns.stream().map(Table::heading).toList(), widths);
        rows.forEach(row -> print(row, widths));
    }

    /** Words of a name in camel case, as headings have them. */
    private static String heading(String column) {
        return column.toUpperCase(Locale.ROOT);
    }

    private void print(List<String> cells, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            line.append(cells.get(i));
            if (i < widths.length - 1) {
                line.append(" ".repeat(widths[i] - cells.get(i).length() + 2));
            }
        }
        out.println(line.toString().stripTrailing());
    }
}

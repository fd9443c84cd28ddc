package dev.wren.gateway.submission;

import dev.wren.gateway.json.Pointers;
import dev.wren.gateway.record.MappedFunction;
import dev.wren.protocol.Invocation;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The members of {@code function}: its jars, its handler, its arguments. */
final class FunctionFields {

    static final String JAR = "jar";
    static final String JARS = "jars";
    static final String HANDLER = "handler";
    static final String ARGUMENTS = "arguments";

    /** Bytes of the JSON of all arguments: each invocation carries them. */
    static final int MAX_ARGUMENTS = 1 << 16;

    private static final Set<String> NAMES = Set.of(JAR, JARS, HANDLER, ARGUMENTS);
    private static final FieldKind.Text TEXT = new FieldKind.Text(MapFields.MAX_TEXT);
    private static final String FUNCTION = "/function";

    private final JsonNode function;
    private final FieldKind.Wrong wrong;

    private FunctionFields(JsonNode function, FieldKind.Wrong wrong) {
        this.function = function;
        this.wrong = wrong;
    }

    /** Whether a function has a member of this name. */
    static boolean has(String name) {
        return NAMES.contains(name);
    }

    /** Reads a function; what is wrong with it is told, and something is returned all the same. */
    static MappedFunction read(@Nullable JsonNode function, FieldKind.Wrong wrong) {
        if (function == null) {
            wrong.at(FUNCTION, "This field is missing.");
        } else if (!function.isObject()) {
            wrong.at(FUNCTION, "An object with jar, or jars, and handler.");
        } else {
            return new FunctionFields(function, wrong).read();
        }
        return new MappedFunction(List.of(), "", Invocation.NO_ARGUMENTS);
    }

    private MappedFunction read() {
        function.propertyNames().forEach(name -> {
            if (!has(name)) {
                wrong.at(Pointers.to("function", name),
                        "There is no such field; there are jar, jars, handler and arguments.");
            }
        });
        return new MappedFunction(jars(), text(function.get(HANDLER), pointer(HANDLER)), arguments());
    }

    private static String pointer(String name) {
        return FUNCTION + "/" + name;
    }

    private List<String> jars() {
        JsonNode all = function.get(JARS);
        // Generated clients write a list that was not given as an empty one.
        if (all == null || (all.isArray() && all.isEmpty() && function.has(JAR))) {
            return List.of(text(function.get(JAR), pointer(JAR)));
        }
        if (function.has(JAR)) {
            wrong.at(pointer(JARS), "Either jar, or jars: a jar alone is a class path of one.");
        }
        if (!all.isArray() || all.isEmpty()) {
            wrong.at(pointer(JARS), "An array of references of jars, at least one.");
            return List.of();
        }
        List<String> jars = new ArrayList<>(all.size());
        for (int i = 0; i < all.size(); i++) {
            jars.add(text(all.get(i), pointer(JARS) + "/" + i));
        }
        return jars;
    }

    private String arguments() {
        JsonNode all = function.get(ARGUMENTS);
        if (all == null) {
            return Invocation.NO_ARGUMENTS;
        }
        String text = all.toString();
        if (!all.isArray()) {
            wrong.at(pointer(ARGUMENTS), "An array: the values of the method's first parameters.");
        } else if (text.length() > MAX_ARGUMENTS) {
            wrong.at(pointer(ARGUMENTS), "At most " + MAX_ARGUMENTS + " characters.");
        } else {
            return text;
        }
        return Invocation.NO_ARGUMENTS;
    }

    private String text(@Nullable JsonNode node, String pointer) {
        if (node == null) {
            wrong.at(pointer, "This field is missing.");
            return "";
        }
        String text = TEXT.read(new FieldKind.Given("", node, null), (_, detail) -> wrong.at(pointer, detail));
        return text == null ? "" : text;
    }
}

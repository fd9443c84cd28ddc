package dev.wren.gateway.json;

import java.util.stream.Stream;
import tools.jackson.core.JsonPointer;

/** RFC 6901 pointers to members of a body. */
public final class Pointers {

    private Pointers() {
    }

    /** The pointer to the member reached by these names, from the root. */
    public static String to(String... names) {
        JsonPointer pointer = JsonPointer.empty();
        for (String name : names) {
            pointer = pointer.appendProperty(name);
        }
        return pointer.toString();
    }

    /** The names on the way from the root to what {@code pointer} points to. */
    public static Stream<String> names(String pointer) {
        return Stream.iterate(JsonPointer.compile(pointer), each -> !each.matches(), JsonPointer::tail)
                .map(JsonPointer::getMatchingProperty);
    }
}

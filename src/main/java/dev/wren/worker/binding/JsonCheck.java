package dev.wren.worker.binding;

import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.core.exc.StreamWriteException;
import tools.jackson.core.json.JsonFactory;

/** Looks at what is to be a value's JSON and was not written by the worker's own Jackson. Safe for use by several threads. */
final class JsonCheck {

    private final JsonFactory json;

    /**
     * @param nestingLimit levels of a value
     */
    JsonCheck(int nestingLimit) {
        json = JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(nestingLimit)
                        .maxDocumentLength(-1).maxTokenCount(-1).maxNumberLength(Integer.MAX_VALUE)
                        .maxStringLength(Integer.MAX_VALUE).maxNameLength(Integer.MAX_VALUE).build())
                .build();
    }

    /**
     * Makes sure that it is one JSON value, and takes out the space between its tokens, so that it fits into a line.
     *
     * @throws StreamReadException if it is no JSON, or JSON that is not to be: NaN, half of a surrogate pair, a name twice
     */
    void check(ValueBuffer value) {
        try (JsonParser parser = json.createParser(ObjectReadContext.empty(), value.array(), 0, value.size())) {
            if (parser.nextToken() == null) {
                throw new StreamReadException(parser, "there is none");
            }
            parser.skipChildren();
            parser.finishToken();
            if (parser.nextToken() != null) {
                throw new StreamReadException(parser, "there is more than one value");
            }
        }
        if (JsonBinding.hasLoneSurrogate(value.array(), value.size())) {
            throw new StreamWriteException(null, "a string has half of a surrogate pair, which is no character");
        }
        value.compact();
    }
}

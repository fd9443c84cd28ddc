package dev.wren.gateway.submission;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Data as they are handed on. */
final class CollectedData implements DataSink {

    final List<String> data = new ArrayList<>();
    private final ByteArrayOutputStream parts = new ByteArrayOutputStream();

    @Override
    public void part(byte[] buffer, int offset, int length) {
        parts.write(buffer, offset, length);
    }

    @Override
    public void add(byte[] buffer, int offset, int length) {
        parts.write(buffer, offset, length);
        data.add(parts.toString(StandardCharsets.UTF_8));
        parts.reset();
    }
}

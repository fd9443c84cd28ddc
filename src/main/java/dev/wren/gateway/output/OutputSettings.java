package dev.wren.gateway.output;

import dev.wren.gateway.limits.ByteRange;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * How results are written to buckets.
 *
 * @param partSize bytes after which a part ends and another begins
 */
@Validated
@ConfigurationProperties("wren.output")
record OutputSettings(@DefaultValue("64MB") @ByteRange DataSize partSize) {
}

/** The object store on S3, and on servers that speak it. */
@NullMarked
package dev.wren.gateway.store.s3;

import org.jspecify.annotations.NullMarked;

// Helps to write a Portcullis policy in C: settings, texts and reasons. See examples/c.
//
// A header alone; of libc it needs `malloc`, `memcpy` and `memcmp`. Memory is never given back: an instance answers one
// request, and goes with all its memory then.

#ifndef PORTCULLIS_H
#define PORTCULLIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// Text with its length in bytes; there is no byte of zero at its end.
typedef struct {
  const uint8_t *ptr;
  size_t len;
} portcullis_text;

typedef struct {
  portcullis_text *items;
  size_t count;
} portcullis_strings;

static inline bool portcullis_same(const uint8_t *ptr, size_t len, portcullis_text other) {
  return len == other.len && !memcmp(ptr, other.ptr, len);
}

static inline bool portcullis_is(const uint8_t *ptr, size_t len, const char *literal) {
  return len == strlen(literal) && !memcmp(ptr, literal, len);
}

static inline bool portcullis_contains(portcullis_strings list, const uint8_t *ptr, size_t len) {
  for (size_t i = 0; i < list.count; i++)
    if (portcullis_same(ptr, len, list.items[i])) return true;
  return false;
}

// A reason or an error: at most 1,024 bytes, what is over is left out. Ends with a byte of zero.
typedef struct {
  char text[1025];
  size_t len;
} portcullis_reason;

static inline void portcullis_add(portcullis_reason *reason, const void *ptr, size_t len) {
  size_t room = sizeof reason->text - 1 - reason->len;
  if (len > room) len = room;
  memcpy(reason->text + reason->len, ptr, len);
  reason->len += len;
  reason->text[reason->len] = 0;
}

static inline void portcullis_say(portcullis_reason *reason, const char *literal) {
  portcullis_add(reason, literal, strlen(literal));
}

// Settings: one JSON object. Each field says where its value goes.

enum portcullis_kind { PORTCULLIS_STRINGS, PORTCULLIS_STRING, PORTCULLIS_BOOL, PORTCULLIS_INTEGER };

typedef struct {
  const char *key;
  enum portcullis_kind kind;
  // A `portcullis_strings`, `portcullis_text`, `bool` or `int64_t`.
  void *value;
  bool may_be_absent;
  bool found;
} portcullis_field;

typedef struct {
  const uint8_t *at, *end;
} portcullis_json;

static inline void portcullis_space(portcullis_json *json) {
  while (json->at < json->end && (*json->at == ' ' || *json->at == '\n' || *json->at == '\t' || *json->at == '\r'))
    json->at++;
}

static inline bool portcullis_take(portcullis_json *json, char wanted) {
  portcullis_space(json);
  if (json->at == json->end || *json->at != wanted) return false;
  json->at++;
  return true;
}

static inline bool portcullis_word(portcullis_json *json, const char *word) {
  size_t len = strlen(word);
  portcullis_space(json);
  if ((size_t)(json->end - json->at) < len || memcmp(json->at, word, len)) return false;
  json->at += len;
  return true;
}

static inline bool portcullis_hex(portcullis_json *json, uint32_t *unit) {
  if (json->end - json->at < 4) return false;
  *unit = 0;
  for (int i = 0; i < 4; i++) {
    uint8_t digit = *json->at++;
    uint32_t value = digit >= '0' && digit <= '9'   ? digit - '0'
                     : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10u
                     : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10u
                                                    : 16u;
    if (value > 15) return false;
    *unit = *unit << 4 | value;
  }
  return true;
}

// After `\u`, as UTF-8.
static inline bool portcullis_escape(portcullis_json *json, uint8_t **to) {
  uint32_t point, low;
  if (!portcullis_hex(json, &point)) return false;
  if (point >= 0xdc00 && point < 0xe000) return false;
  if (point >= 0xd800 && point < 0xdc00) {
    if (json->end - json->at < 6 || json->at[0] != '\\' || json->at[1] != 'u') return false;
    json->at += 2;
    if (!portcullis_hex(json, &low) || low < 0xdc00 || low >= 0xe000) return false;
    point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
  }
  if (point < 0x80) {
    *(*to)++ = (uint8_t)point;
  } else {
    int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    *(*to)++ = (uint8_t)((more == 1 ? 0xc0 : more == 2 ? 0xe0 : 0xf0) | point >> (6 * more));
    while (more--) *(*to)++ = (uint8_t)(0x80 | (point >> (6 * more) & 0x3f));
  }
  return true;
}

static inline bool portcullis_read_string(portcullis_json *json, portcullis_text *text) {
  if (!portcullis_take(json, '"')) return false;
  // No escape is shorter than what it stands for, so the text has room up to its closing quote.
  const uint8_t *quote = json->at;
  while (quote < json->end && *quote != '"') quote += *quote == '\\' ? 2 : 1;
  uint8_t *to = malloc(quote < json->end ? (size_t)(quote - json->at) + 1 : (size_t)(json->end - json->at) + 1);
  if (!to) return false;
  text->ptr = to;
  while (json->at < json->end && *json->at != '"') {
    uint8_t byte = *json->at++;
    if (byte != '\\') {
      *to++ = byte;
      continue;
    }
    if (json->at == json->end) return false;
    byte = *json->at++;
    if (byte == 'u') {
      if (!portcullis_escape(json, &to)) return false;
      continue;
    }
    const char *from = "\"\\/bfnrt", *meant = "\"\\/\b\f\n\r\t", *found = from;
    while (*found && *found != (char)byte) found++;
    if (!*found) return false;
    *to++ = (uint8_t)meant[found - from];
  }
  text->len = (size_t)(to - text->ptr);
  return portcullis_take(json, '"');
}

static inline bool portcullis_read_strings(portcullis_json *json, portcullis_strings *list) {
  if (!portcullis_take(json, '[')) return false;
  *list = (portcullis_strings){NULL, 0};
  if (portcullis_take(json, ']')) return true;
  size_t room = 0;
  do {
    if (list->count == room) {
      room = room ? 2 * room : 16;
      portcullis_text *items = realloc(list->items, room * sizeof *items);
      if (!items) return false;
      list->items = items;
    }
    if (!portcullis_read_string(json, &list->items[list->count++])) return false;
  } while (portcullis_take(json, ','));
  return portcullis_take(json, ']');
}

static inline bool portcullis_read_integer(portcullis_json *json, int64_t *number) {
  bool negative = portcullis_take(json, '-');
  const uint8_t *start = json->at;
  uint64_t value = 0;
  while (json->at < json->end && *json->at >= '0' && *json->at <= '9') {
    uint64_t next = value * 10 + (*json->at++ - '0');
    if (value > (uint64_t)INT64_MAX / 10 || next > (uint64_t)INT64_MAX) return false;
    value = next;
  }
  *number = negative ? -(int64_t)value : (int64_t)value;
  return json->at > start && (json->at == json->end || (*json->at != '.' && *json->at != 'e' && *json->at != 'E'));
}

// Why the settings are refused, or NULL. A missing key, a wrong value and an unknown key are named.
static inline const char *portcullis_read_settings(const uint8_t *ptr, size_t len, portcullis_field *fields,
                                                   size_t count) {
  static portcullis_reason wrong;
  static const char *const wanted[] = {"a list of strings is wanted", "a string is wanted", "true or false is wanted",
                                       "a whole number is wanted"};
  portcullis_json json = {ptr, ptr + len};
  if (!portcullis_take(&json, '{')) return "an object is wanted";
  if (!portcullis_take(&json, '}')) {
    do {
      portcullis_text key;
      if (!portcullis_read_string(&json, &key) || !portcullis_take(&json, ':')) return "this is no JSON";
      portcullis_field *field = NULL;
      for (size_t i = 0; i < count; i++)
        if (portcullis_is(key.ptr, key.len, fields[i].key)) field = &fields[i];
      if (!field) {
        portcullis_say(&wrong, "unknown key: `");
        portcullis_add(&wrong, key.ptr, key.len);
        portcullis_say(&wrong, "`");
        return wrong.text;
      }
      if (field->found) {
        portcullis_say(&wrong, "`");
        portcullis_say(&wrong, field->key);
        portcullis_say(&wrong, "` is there twice");
        return wrong.text;
      }
      field->found = true;
      bool is_true = false, read = false;
      switch (field->kind) {
        case PORTCULLIS_STRINGS: read = portcullis_read_strings(&json, field->value); break;
        case PORTCULLIS_STRING: read = portcullis_read_string(&json, field->value); break;
        case PORTCULLIS_INTEGER: read = portcullis_read_integer(&json, field->value); break;
        case PORTCULLIS_BOOL:
          is_true = portcullis_word(&json, "true");
          read = is_true || portcullis_word(&json, "false");
          if (read) *(bool *)field->value = is_true;
      }
      if (!read) {
        portcullis_say(&wrong, "`");
        portcullis_say(&wrong, field->key);
        portcullis_say(&wrong, "`: ");
        portcullis_say(&wrong, wanted[field->kind]);
        return wrong.text;
      }
    } while (portcullis_take(&json, ','));
    if (!portcullis_take(&json, '}')) return "this is no JSON";
  }
  for (size_t i = 0; i < count; i++) {
    if (fields[i].found || fields[i].may_be_absent) continue;
    portcullis_say(&wrong, "missing field `");
    portcullis_say(&wrong, fields[i].key);
    portcullis_say(&wrong, "`");
    return wrong.text;
  }
  return NULL;
}

#endif

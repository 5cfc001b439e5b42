/* Pages of lists: counted and cut by the database, numbered from 1. Any thread. */
#ifndef EMPI_PAGE_H
#define EMPI_PAGE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PAGE_SIZE_DEFAULT = 50,
    PAGE_SIZE_MOST = 1000,
};

/* The most that a number times a size can be without leaving what the database counts with. */
#define PAGE_NUMBER_MOST (INT64_MAX / PAGE_SIZE_MOST)

struct page_request {
    int64_t number; /* 1 … PAGE_NUMBER_MOST */
    int64_t size;   /* 1 … PAGE_SIZE_MOST */
};

struct page {
    int64_t number;
    int64_t size;
    int64_t total_count; /* of what the list would hold on one page */
};

static inline int64_t page_offset(struct page_request request)
{
    return (request.number - 1) * request.size;
}

/* Where a page lies in an ordered list: one of the second half is reached from the end. */
struct page_cut {
    int64_t count; /* rows; 0 or less for a page after the last */
    int64_t skip;  /* rows before them, from the start or from the end */
    bool from_end;
};

static inline struct page_cut page_cut(struct page_request request, int64_t total)
{
    int64_t offset = page_offset(request);
    int64_t count = total - offset < request.size ? total - offset : request.size;
    int64_t behind = total - offset - count;
    bool from_end = behind < offset;
    return (struct page_cut){count, from_end ? behind : offset, from_end};
}

/* An empty list has no page. */
static inline int64_t page_total(const struct page *page)
{
    return page->total_count / page->size + (page->total_count % page->size != 0);
}

static inline bool page_has_next(const struct page *page)
{
    return page->number < page_total(page);
}

static inline bool page_has_previous(const struct page *page)
{
    return page->number > 1;
}

#endif

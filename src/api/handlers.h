/*
 * The handlers of the routes, one file a resource. What each answers stands in openapi.yaml.
 *
 * Each answers its exchange and returns 0, or fails; see api/api.h.
 */
#ifndef API_HANDLERS_H
#define API_HANDLERS_H

#include "base/error.h"
#include "http/exchange.h"

int handle_home(struct http_exchange *exchange, struct error *error);
int handle_health_check(struct http_exchange *exchange, struct error *error);

int handle_create_config(struct http_exchange *exchange, struct error *error);
int handle_list_configs(struct http_exchange *exchange, struct error *error);
int handle_get_config(struct http_exchange *exchange, struct error *error);

int handle_import_person_records(struct http_exchange *exchange, struct error *error);
int handle_export_person_records(struct http_exchange *exchange, struct error *error);

int handle_list_data_sources(struct http_exchange *exchange, struct error *error);

int handle_list_persons(struct http_exchange *exchange, struct error *error);
int handle_get_person(struct http_exchange *exchange, struct error *error);

int handle_list_potential_matches(struct http_exchange *exchange, struct error *error);
int handle_get_potential_match(struct http_exchange *exchange, struct error *error);
int handle_export_potential_matches(struct http_exchange *exchange, struct error *error);

int handle_create_match(struct http_exchange *exchange, struct error *error);

int handle_list_jobs(struct http_exchange *exchange, struct error *error);
int handle_get_job(struct http_exchange *exchange, struct error *error);
int handle_cancel_job(struct http_exchange *exchange, struct error *error);

int handle_list_users(struct http_exchange *exchange, struct error *error);
int handle_update_user(struct http_exchange *exchange, struct error *error);

int handle_get_session(struct http_exchange *exchange, struct error *error);
int handle_create_session(struct http_exchange *exchange, struct error *error);
int handle_login(struct http_exchange *exchange, struct error *error);
int handle_login_form(struct http_exchange *exchange, struct error *error);
int handle_password_page(struct http_exchange *exchange, struct error *error);
int handle_password_form(struct http_exchange *exchange, struct error *error);
int handle_callback(struct http_exchange *exchange, struct error *error);
int handle_logout(struct http_exchange *exchange, struct error *error);

int handle_schema(struct http_exchange *exchange, struct error *error);
int handle_docs(struct http_exchange *exchange, struct error *error);

#endif

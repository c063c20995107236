// What the shop shows of itself: to those who have a user, and to write most of it to those who may.

using { shop } from './shop';

@path: '/odata/v4/shop'
@requires: 'authenticated-user'
service ShopService {
  // Fewer rows in an answer than there are, so that answers have a next link.
  @cds.query.limit: { default: 100, max: 250 }
  @cds.redirection.target
  @restrict: [{ grant: 'READ' }, { grant: '*', to: 'editor' }]
  entity Orders     as projection on shop.Orders;

  entity OrderItems as projection on shop.OrderItems;
  entity Books      as projection on shop.Books;
  entity Labels     as projection on shop.Labels;
  entity Documents  as projection on shop.Documents;

  @readonly
  entity Currencies as projection on shop.Currencies;

  @readonly
  entity Revenue    as select from shop.Orders {
    key status,
    count(*) as orders : Integer,
    sum(total) as total : Decimal(15, 2)
  } group by status;

  @requires: 'auditor'
  entity Audits     as projection on shop.Labels;
}
